"""Peak memory of a command."""

import subprocess
import sys

# A process of its own: a child's peak counts what its parent held when it was forked.
_PEAK = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"


def peak(*words: str) -> float:
    """Peak memory of a command, in MB."""
    done = subprocess.run([sys.executable, "-c", _PEAK, *words], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024
