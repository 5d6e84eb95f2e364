"""What if, over 575,000 synthetic releases: the whole command, from Parquet to counts."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from bench.peak import peak

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
        taken = min(_seconds(words) for _ in range(3))
        print(f"  {'line move over 575,000 releases, whole process':<58} {f'{taken:.2f} s':>28}   bar 1 s")
        print(f"  {'    its peak memory':<58} {f'{peak(*words):.0f} MB':>28}   bar 1000 MB")


def _seconds(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
