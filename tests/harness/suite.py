"""Runs the suite once a server, and says at the end where it ran and where it did not."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.harness.paths import ROOT
from tests.harness.progress import step
from tests.harness.servers import PROGRAMS_VARIABLE, container_reason

NO_TESTS = 5  # pytest's exit code


def _workers(wanted: int) -> int:
    return wanted or min(4, max(2, os.cpu_count() or 2))


def _environment(folder: Path) -> dict[str, str]:
    """What the runs have in common: the programs of the servers, and Python that is compiled.

    Where the caller wants no compiled files in the tree they are kept in the folder: else each process of each run
    compiles the tests anew, which takes longer than to load them.
    """
    programs = folder / "programs"
    programs.mkdir()
    environment = {**os.environ, PROGRAMS_VARIABLE: str(programs)}
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(folder / "compiled"))
    return environment


def run(which: list[str], keyword: str, args: str, workers: int) -> bool:
    """True when the suite passed wherever it ran, and it ran wherever it was asked to.

    Tests that use no server run with the first one only.
    """
    with tempfile.TemporaryDirectory(prefix="agentry-suite-") as folder:
        return _run(which, keyword, args, workers, _environment(Path(folder)))


def _run(which: list[str], keyword: str, args: str, workers: int, environment: dict[str, str]) -> bool:
    summary: list[str] = []
    good = True
    first = True
    for server in which or ["18", "16", "17"]:
        name = f"PostgreSQL {server}" if server.isdigit() else "the server of the given URL"
        if server == "17":
            with step("looking for a Docker engine, and for the image of PostgreSQL 17"):
                reason = container_reason()
            if reason:
                summary.append(f"{name}: NOT RUN: {reason}")
                good = good and not which  # asked for by name, it has to run
                continue
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "--server", server, "-n", str(_workers(workers)), "-q"]
        command += ["--dist", "worksteal"]  # else a worker may be left with the slow tests while the others have none
        command += [*(["-k", keyword] if keyword else []), *([] if first else ["--server-only"]), *shlex.split(args)]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        seconds = f"{time.monotonic() - began:.0f} s"
        if code == NO_TESTS and (keyword or not first):
            summary.append(f"{name}: no such test ({seconds})")
        else:
            summary.append(f"{name}: {'passed' if code == 0 else f'FAILED (pytest {code})'} ({seconds})")
            good = good and code == 0
        first = False
    print("\n" + "\n".join(summary), flush=True)
    return good
