"""Where things are in a checkout, and what the build knows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD_VARIABLE = "AGENTRY_BUILD"  # a build to use instead of build/: that of a test run
BUILD = Path(os.environ.get(BUILD_VARIABLE) or ROOT / "build")

# every module there will ever be, in dependency order; a build holds the ones that exist
ALL_MODULES = ("core", "chat", "state", "memory", "dialog", "knowledge", "work", "context", "world")

# what a module needs besides core
NEEDS: dict[str, tuple[str, ...]] = {
    "core": (),
    "chat": ("core",),
    "state": ("core",),
    "memory": ("core",),
    "dialog": ("core", "memory"),
    "knowledge": ("core", "memory"),
    "work": ("core", "chat"),
    "context": ("core", "dialog", "memory"),
    "world": ("core", "memory"),
}

# modules whose functions and tables use the types of pgvector
USES_VECTOR = ("memory",)


def schema_of(module: str) -> str:
    """The schema of a module, which is also the name of its extension."""
    return "agentry" if module == "core" else f"agentry_{module}"


ALL_SCHEMAS = tuple(schema_of(m) for m in ALL_MODULES)


def with_needs(modules: tuple[str, ...]) -> tuple[str, ...]:
    """The given modules and all they stand on, in dependency order."""
    wanted: set[str] = set()

    def add(module: str) -> None:
        if module not in NEEDS:
            raise ValueError(f"no module is called {module!r}; there are: {', '.join(ALL_MODULES)}")
        wanted.add(module)
        for below in NEEDS[module]:
            add(below)

    for module in modules or ("core",):
        add(module)
    return tuple(m for m in ALL_MODULES if m in wanted)


def version() -> str:
    """EXTVERSION of the Makefile."""
    found = re.search(r"^EXTVERSION\s*:?=\s*(\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError("no EXTVERSION in the Makefile")
    return found.group(1)


def checksums(build: Path = BUILD) -> dict[str, str]:
    """Module -> checksum of its sources in this build, in dependency order."""
    lines = (build / "checksums.txt").read_text().splitlines()
    found = dict(line.split() for line in lines if line.strip())
    return {m: found[m] for m in ALL_MODULES if m in found}


def make_build(root: Path = ROOT) -> None:
    """Brings build/ up to date; quick when nothing changed."""
    done = subprocess.run(["make", "-s", "build"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"make build failed:\n{done.stdout}{done.stderr}")


SOURCES = ("Makefile", "sql", "functions", "triggers", "views")


def copy_sources(target: Path, source: Path = ROOT) -> None:
    """Copies what a build is made from."""
    target.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        else:
            shutil.copy2(source / name, target / name)


def frozen_build() -> Path:
    """Builds a copy of the sources, which stays as it is while somebody goes on editing; returns its build/."""
    folder = Path(tempfile.mkdtemp(prefix="agentry-build-"))
    folder.chmod(0o755)
    copy_sources(folder)
    make_build(folder)
    return folder / "build"
