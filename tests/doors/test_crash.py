"""The kills of `make crash`, in small: a hub that dies at any moment has torn nothing and lost nothing that it acknowledged."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_hub_that_is_killed_has_lost_nothing():
    command = [sys.executable, "-m", "bench.crash_hub", "--kills", "2", "--seed", "20261125"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hub: 2 of 2 kills held" in done.stdout
