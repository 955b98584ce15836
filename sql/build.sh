#!/bin/sh
# build.sh VERSION: makes build/ from the sources.  Needs a POSIX shell and awk, no PostgreSQL, no Python.
#
#   build/<ext>.control, build/<ext>--V.sql    for CREATE EXTENSION: functions only
#   build/plain/<ext>-V.sql                    the same functions as plain SQL, then SELECT agentry.install()
#   build/plain/agentry_all-V.sql              every module, in one transaction
#   build/lint/agentry_all-V.sql               every file as it stands, in load order, for parsers and linters
#   build/roles.sql                            the cluster-wide roles
#   build/checksums.txt                        module and MD5 of its sources, as in <schema>._source_checksum()
#
# What an extension may not hold (tables, views, triggers, policies, grants) is wrapped into <schema>._install(), one
# EXECUTE a file.  A line `-- file: path` stands before each file; inside _install() each text keeps the line numbers of
# its file, so an error leads back to the source.
set -eu
LC_ALL=C
export LC_ALL

version=$1
all_modules='core chat state memory dialog knowledge work context world'
modules=''
for m in $all_modules; do
    if [ -d "sql/$m" ]; then modules="$modules $m"; fi
done

ext_of() { if [ "$1" = core ]; then echo agentry; else echo "agentry_$1"; fi; }

# whether the functions and tables of a module use the types of pgvector, which may stand in any schema
uses_vector() { grep -q '^requires = .*vector' "sql/$1/$1.control.in"; }

files() { for f in "$@"; do if [ -f "$f" ]; then echo "$f"; fi; done; }

# what the extension holds: helpers of tables first, then all other functions, then the trigger functions
code_files() { files functions/"$1"/pre/*.sql functions/"$1"/*.sql triggers/"$1"/*.sql; }

# what install() makes: types, tables, indexes (10 to 39), views, triggers, then guards, comments and grants (40 to 99)
install_files() {
    files sql/"$1"/[1-3]*.sql views/"$1"/*.sql triggers/"$1"/*.sql sql/"$1"/[4-9]*.sql
}

banner() { printf '\n-- file: %s\n' "$1"; }

# One awk a list of files, as starting one a file would take most of the time.
each_file() { # PROGRAM FILE...: with newly() at each file's first line, and is_trigger
    program=$1
    shift
    [ $# -eq 0 ] || awk 'FNR == 1 { is_trigger = FILENAME ~ /^triggers\//; newly() } '"$program" "$@"
}

# the code half of a trigger file ends at its line `-- install`; other files are code as a whole
code_halves() {
    each_file '
        /^-- install$/ { on = 0 }
        on { print }
        function newly() { printf "\n-- file: %s\n", FILENAME; on = 1 }' "$@"
}

# the install halves between texts BEFORE (%s: the path) and AFTER, with blank lines in place of the code half, so that
# line numbers stay
install_halves() { # BEFORE AFTER FILE...
    BEFORE=$1
    AFTER=$2
    export BEFORE AFTER
    shift 2
    each_file '
        { line = on ? $0 : ""; if (FNR == 1) line = "/* " FILENAME " */ " line; print line }
        /^-- install$/ { on = 1 }
        function newly() {
            if (NR > 1) printf "%s", ENVIRON["AFTER"]
            printf ENVIRON["BEFORE"], FILENAME
            on = !is_trigger
        }
        END { if (NR > 0) printf "%s", ENVIRON["AFTER"] }' "$@"
}

# without the trigger files that have no install half
with_install_half() {
    for f in "$@"; do
        case $f in triggers/*) grep -lx -- '-- install' "$f" || : ;; *) echo "$f" ;; esac
    done
}

checksum() { # of the names and contents of all sources of a module
    each_file '{ print } function newly() { print FILENAME }' \
        $(code_files "$1") $(install_files "$1") $(files sql/"$1"/migrations/*.sql) sql/build.sh |
        { md5sum 2>/dev/null || md5; } | awk '{ print $1 }'
}

# <schema>._source_checksum(), _source_version(), _migrate() and _install()
generated() { # MODULE CHECKSUM
    m=$1
    schema=$(ext_of "$m")
    banner "generated: $schema"
    cat <<SQL
CREATE OR REPLACE FUNCTION $schema._source_checksum()
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS \$_source_checksum\$ SELECT '$2'::text \$_source_checksum\$;
COMMENT ON FUNCTION $schema._source_checksum() IS 'MD5 of the sources that this code was built from.';

CREATE OR REPLACE FUNCTION $schema._source_version()
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS \$_source_version\$ SELECT '$version'::text \$_source_version\$;
COMMENT ON FUNCTION $schema._source_version() IS 'Version of this code.';

CREATE OR REPLACE FUNCTION $schema._migrate(p_from text)
RETURNS text LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS \$_migrate\$
DECLARE
    v_from text := p_from;
BEGIN
SQL
    for f in $(files sql/"$m"/migrations/*--*.sql); do
        step=$(basename "$f" .sql)
        printf "IF v_from = '%s' THEN EXECUTE \$agentry_file\$" "${step%%--*}"
        install_halves '' '' "$f"
        printf "\$agentry_file\$;\nv_from := '%s';\nEND IF;\n" "${step##*--}"
    done
    cat <<SQL
    RETURN v_from;
END;
\$_migrate\$;
COMMENT ON FUNCTION $schema._migrate(text) IS
    'Changes the tables of an older version step by step; returns the version reached.';

CREATE OR REPLACE FUNCTION $schema._install()
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS \$_install\$
BEGIN
SQL
    if uses_vector "$m"; then
        printf "PERFORM agentry._pin_vector('%s');\n" "$schema"
        printf "PERFORM pg_catalog.set_config('search_path', agentry._vector_path(), true);\n"
    fi
    install_halves 'EXECUTE $agentry_file$' '$agentry_file$;
' $(with_install_half $(install_files "$m"))
    cat <<SQL
END;
\$_install\$;
COMMENT ON FUNCTION $schema._install() IS
    'Makes the tables, views, triggers, policies, grants and comments of this module; repeatable.';

REVOKE ALL ON ALL ROUTINES IN SCHEMA $schema FROM PUBLIC;
SQL
    if uses_vector "$m"; then printf "SELECT agentry._pin_vector('%s');\n" "$schema"; fi
}

code() { # every function of a module, from where it is kept
    cat "$b/$1.code"
}

plain_head() {
    cat <<'SQL'
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL check_function_bodies = off;
SQL
}

plain_vector() { # where the code of a module finds the types of pgvector
    uses_vector "$1" || return 0
    cat <<'SQL'
DO $vector$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'vector') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'this needs the extension vector (pgvector), which the server does not have',
            HINT    = 'Install pgvector 0.8.0 or newer on the server, or load only the scripts of other modules.';
    END IF;
    CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
    PERFORM pg_catalog.set_config('search_path', agentry._vector_path(), true);
END;
$vector$;
SQL
}

plain_schema() { # refuses a schema that is an extension's or a stranger's
    schema=$(ext_of "$1")
    cat <<SQL
SET LOCAL search_path = pg_catalog, pg_temp;
DO \$schema\$
BEGIN
    IF pg_catalog.current_setting('server_version_num')::integer < 160000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'agentry needs PostgreSQL 16 or newer',
            DETAIL  = pg_catalog.format('this server is %s', pg_catalog.current_setting('server_version')),
            HINT    = 'Upgrade the server.';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = '$schema') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = '$schema is installed here as an extension',
            HINT    = 'Use ALTER EXTENSION $schema UPDATE, or let "invoke deploy --mode plain" convert it.';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace
               WHERE nspname = '$schema' AND NOT pg_catalog.pg_has_role(nspowner, 'MEMBER')) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'schema $schema belongs to another role',
            HINT    = 'Find out who made it; drop or rename it, or run this as its owner.';
    END IF;
END;
\$schema\$;
SQL
    printf 'CREATE SCHEMA IF NOT EXISTS %s;\n' "$schema"
}

plain_tail() { printf '\nSELECT * FROM agentry.install();\nCOMMIT;\n'; }

rm -rf build.new
mkdir -p build.new/plain build.new/lint
b=build.new

for m in $modules; do
    ext=$(ext_of "$m")
    sum=$(checksum "$m")
    echo "$m $sum" >> "$b/checksums.txt"
    { code_halves $(code_files "$m"); generated "$m" "$sum"; } > "$b/$m.code"
    sed "s/@VERSION@/$version/" "sql/$m/$m.control.in" > "$b/$ext.control"
    {
        printf '\\echo Use "CREATE EXTENSION %s" to load this file. \\quit\n' "$ext"
        code "$m"
    } > "$b/$ext--$version.sql"
    { plain_head; plain_schema "$m"; plain_vector "$m"; code "$m"; plain_tail; } > "$b/plain/$ext-$version.sql"
done

requires=$(for m in $modules; do ext_of "$m"; done | paste -s -d, - | sed 's/,/, /g')
sed -e "s/@VERSION@/$version/" -e "s/@REQUIRES@/$requires/" sql/all/agentry_all.control.in > "$b/agentry_all.control"
printf '\\echo Use "CREATE EXTENSION agentry_all" to load this file. \\quit\n' > "$b/agentry_all--$version.sql"

{
    plain_head
    for m in $modules; do plain_schema "$m"; plain_vector "$m"; code "$m"; done
    plain_tail
} > "$b/plain/agentry_all-$version.sql"

{
    for m in $modules; do
        printf 'CREATE SCHEMA %s;\n' "$(ext_of "$m")"
        code "$m"
        install_halves '
-- file: %s
' '' $(install_files "$m")
    done
} > "$b/lint/agentry_all-$version.sql"

{ banner sql/roles.sql; cat sql/roles.sql; } > "$b/roles.sql"

rm -f "$b"/*.code
rm -rf build
mv build.new build
