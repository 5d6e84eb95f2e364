"""The kills of `make crash`, in small: an office that dies at any moment has lost nothing that it acknowledged."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_office_that_is_killed_has_lost_nothing():
    """In a process of its own: it forks, and a test runner has threads that a fork would cut off."""
    command = [sys.executable, "-m", "bench.crash", "--sqlite", "5", "--postgresql", "0", "--seed", "20261124"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SQLite: 5 of 5 kills held" in done.stdout
