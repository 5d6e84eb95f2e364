"""How the benchmarks measure: medians, in turn with their peer, one line each."""

import hashlib
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from brightline.release.reader import BLOCK

RUNS = 7


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median of several runs after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def paired(ours: Callable[[], object], theirs: Callable[[], object], runs: int = RUNS) -> tuple[float, float, float]:
    """Medians of both and of the ratio, run in turn, so that the machine's moods fall on both."""
    ours(), theirs()
    rows = [(seconds_once(ours), seconds_once(theirs)) for _ in range(runs)]
    first, second = zip(*rows, strict=True)
    return statistics.median(first), statistics.median(second), statistics.median(a / b for a, b in rows)


def seconds_once(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def sha256(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            hasher.update(block)
    return hasher.hexdigest()


def row(name: str, figure: str, bar: str) -> None:
    print(f"  {name:<58} {figure:>28}   {bar}", flush=True)
