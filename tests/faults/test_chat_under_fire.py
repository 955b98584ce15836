"""A thousand messages while clients, backends and the server are killed; at full size: invoke faults."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.harness.paths import ROOT
from tests.harness.servers import PgServer, UrlServer

MESSAGES, KILLS = 1000, 24


@pytest.mark.slow
def test_no_message_is_lost_or_handled_twice_whatever_is_killed(server: PgServer) -> None:
    if isinstance(server, UrlServer):
        pytest.skip("needs a cluster of its own")
    # in a process without threads, as it forks its clients
    command = [sys.executable, "-m", "tests.faults.run", "--pg", str(server.major), "--no-fsync"]
    command += ["--messages", str(MESSAGES), "--kills", str(KILLS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "verdict: passed" in said

    # it proves something only if blows fell while calls were under way, and holders came too late
    kills = re.search(r"killed: (\d+) \(.*backend (\d+), server (\d+)", said)
    assert kills and int(kills[1]) == KILLS and int(kills[2]) >= 3 and int(kills[3]) >= 2, said
    assert f"messages: {MESSAGES} of {MESSAGES}" in said
    for figure in (r"cut short: (\d+)", r"refused as stale: (\d+)", r"notifications waited for: (\d+)"):
        found = re.search(figure, said)
        assert found and int(found[1]) > 0, said
