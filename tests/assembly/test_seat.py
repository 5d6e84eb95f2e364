"""Seats: one a process, and free again when the process is dead, however it died."""

import os
import signal
import subprocess
import sys
import time

from brightline.assembly.seat import is_taken, take_seat

HOLD = "import sys, time; from pathlib import Path; from brightline.assembly.seat import take_seat;"
HOLD += "print(take_seat(Path(sys.argv[1])).name, flush=True); time.sleep(60)"


def test_two_processes_never_share_a_seat_and_a_dead_one_leaves_its_own(tmp_path):
    own = take_seat(tmp_path)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        name = other.stdout.readline().strip()
        assert (own.name, name) == ("seat-0", "seat-1")
        assert is_taken(tmp_path, name)
        os.kill(other.pid, signal.SIGKILL)
    for _ in range(50):
        if not is_taken(tmp_path, name):
            break
        time.sleep(0.1)
    assert not is_taken(tmp_path, name)
    assert is_taken(tmp_path, "seat-0")
    own.leave()
    assert take_seat(tmp_path).name == "seat-0"


def test_what_is_no_seat_is_nobodys(tmp_path):
    assert not is_taken(tmp_path, None)
    assert not is_taken(tmp_path, "seat-../../x")
