"""The compose file of the docs names files that are there, and the version that is built."""

from __future__ import annotations

import os
import re
import subprocess

from tests.harness.paths import ROOT, make_build, version

FILE = ROOT / "docs" / "compose" / "compose.yaml"


def test_the_compose_file_mounts_what_is_built() -> None:
    make_build()
    mounts = re.findall(r"^ +- (\.\S+):/\S+:ro$", FILE.read_text(), re.MULTILINE)
    assert f"../../build/plain/agentry_all-{version()}.sql" in mounts
    missing = [mount for mount in mounts if not (FILE.parent / mount).is_file()]
    assert not missing


def test_docker_compose_takes_the_compose_file() -> None:
    """Where its plugin is installed; elsewhere the test above has to do."""
    compose = ["docker", "compose"]
    try:
        installed = subprocess.run([*compose, "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        installed = False
    if installed:
        env = {**os.environ, "POSTGRES_PASSWORD": "a", "POOL_PASSWORD": "b"}
        done = subprocess.run(
            [*compose, "-f", str(FILE), "config", "--quiet"], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
