"""What if, over 575,000 synthetic releases: the whole command, from Parquet to counts."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

RELEASES = 575_000


def table(place: Path) -> Path:
    """Releases whose compute is known for half of them, as an interval."""
    rng = np.random.default_rng(0)
    low = 10.0 ** rng.uniform(15, 27, RELEASES)
    low[rng.random(RELEASES) < 0.5] = np.nan
    columns = {
        "name": pa.array([f"release-{number}" for number in range(RELEASES)]),
        "training_compute_low": pa.array(low, from_pandas=True),
        "training_compute_high": pa.array(low * rng.uniform(1, 3, RELEASES), from_pandas=True),
        "parameters": pa.array(10.0 ** rng.uniform(6, 12, RELEASES)),
    }
    pa.parquet.write_table(pa.table(columns), place)
    return place


def main() -> None:
    """Print time and peak memory of `line move` as a whole process."""
    command = str(Path(sys.executable).with_name("brightline"))
    with tempfile.TemporaryDirectory(prefix="brightline-bench-") as folder:
        path = table(Path(folder) / "releases.parquet")
        words = [command, "line", "move", "lessig", "--set", "compute-high=1e24", "--over", str(path)]
        taken, memory = min(whole_process(words) for _ in range(3))
    figure = f"{taken:.2f} s, {memory:.0f} MB"
    print(f"  {'line move over 575,000 releases, whole process':<58} {figure:>28}   bar 1 s, 1000 MB")


def whole_process(words: list[str]) -> tuple[float, float]:
    """(seconds, peak memory in MB) of a command from start to end."""
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - began, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
