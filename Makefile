# make, make install PG_CONFIG=...    ordinary PGXS: builds and installs the extensions
# make demo, make test, make deploy   doors to the tasks in tasks.py; they first make .venv and build
# make build                          builds without PostgreSQL and without Python

# PGXS overwrites VERSION, hence the name.
EXTVERSION := 0.1.0

PG_CONFIG ?= pg_config
PYTHON    ?= python3

# folders too: their time changes when a file goes
SOURCES    := $(shell find sql functions triggers views)
EXTENSIONS := agentry $(patsubst sql/%,agentry_%,$(wildcard sql/chat sql/state sql/memory sql/dialog sql/knowledge \
                sql/work sql/context sql/world)) agentry_all

# With EXTENSION unset, MODULEDIR sends everything to $(sharedir)/extension.
MODULEDIR   = extension
DATA        = $(wildcard sql/*/upgrades/*--*--*.sql) $(wildcard sql/*/released/*--*.sql)
DATA_built  = $(foreach e,$(EXTENSIONS),build/$(e).control build/$(e)--$(EXTVERSION).sql)
EXTRA_CLEAN = build build.new

PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)
else
.PHONY: all install uninstall clean
all: build
install uninstall:
	@echo "$(PG_CONFIG) not found or without PGXS: install the server's development package, or pass PG_CONFIG=..." >&2; exit 1
clean:
	rm -rf $(EXTRA_CLEAN)
endif

build/checksums.txt: $(SOURCES) Makefile
	sh sql/build.sh $(EXTVERSION)

$(DATA_built): build/checksums.txt ;

.PHONY: build
build: build/checksums.txt

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[test,lint]'
	touch $@

.PHONY: venv demo test deploy plan lint
venv: .venv/ready
demo test deploy plan lint: .venv/ready build
	.venv/bin/invoke $@
