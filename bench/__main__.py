"""`make bench`: every ratio that the project promises, and its peers, in one run."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import loading, peers, record, subjects
from bench.measure import paired, row, seconds, sha256
from bench.peak import peak
from brightline.assembly.procedure import examine_release
from brightline.inspection.examination import Examination
from brightline.sources.opening import open_source


def facts_only(path: Path) -> None:
    with open_source(str(path)) as source:
        Examination(hashing=False).read(source.entries())


def checkpoint(folder: Path) -> None:
    path = subjects.torch_checkpoint(folder / "checkpoint.pt")
    ours, alone, ratio = paired(lambda: examine_release(str(path)), lambda: sha256(path))
    row("500 MB torch checkpoint: hash and inspect / sha256", f"{ours:.3f} s / {alone:.3f} s = {ratio:.2f}", "bar 1.1")
    for name, work in peers.over(path):
        taken = seconds(work, runs=3)
        row(f"    {name} / sha256", f"{taken:.3f} s = {taken / alone:.2f}", "")


def headers(folder: Path) -> None:
    path = subjects.safetensors(folder / "two.safetensors")
    row("facts of a 2 GiB safetensors, no hashing", f"{seconds(lambda: facts_only(path)) * 1e3:.2f} ms", "bar 5 ms")
    path = subjects.gguf(folder / "vocabulary.gguf")
    row(
        "facts of a GGUF with a 128k vocabulary, no hashing",
        f"{seconds(lambda: facts_only(path)) * 1e3:.1f} ms",
        "bar 60 ms",
    )


def many(folder: Path) -> None:
    path = subjects.many_files(folder / "many.zip")
    names = sorted(str(file) for file in (folder / "many").iterdir())

    def peer() -> None:
        subprocess.run(["sha256sum", *names], check=True, stdout=subprocess.DEVNULL)

    ours, alone, ratio = paired(lambda: examine_release(str(path)), peer, runs=3)
    row("archive of 10,000 files of 64 KiB / sha256sum", f"{ours:.2f} s / {alone:.2f} s = {ratio:.2f}", "bar 1.5")


def starting(folder: Path) -> None:
    tiny = folder / "tiny.pkl"
    tiny.write_bytes(subjects.plain_pickle())
    command = str(Path(sys.executable).with_name("brightline"))

    def call(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=False, stdout=subprocess.DEVNULL)

    for name, words, bar in (
        ("--help", (command, "--help"), "bar 4"),
        ("inspect of a tiny file", (command, "inspect", str(tiny), "--format", "json"), "bar 10"),
    ):
        ours, empty, ratio = paired(call(*words), call(sys.executable, "-c", "pass"), runs=15)
        row(f"{name} / python -c pass", f"{ours * 1e3:.0f} ms / {empty * 1e3:.0f} ms = {ratio:.1f}", bar)


def memory(folder: Path) -> None:
    command = str(Path(sys.executable).with_name("brightline"))
    for path in sorted(file for file in folder.iterdir() if file.is_file()):
        row(
            f"peak memory, {path.name}",
            f"{peak(command, 'inspect', str(path), '--format', 'json'):.0f} MB",
            "bar 200 MB",
        )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="brightline-bench-") as place:
        folder = Path(place)
        print("brightline bench: medians of several runs, in turn with their peer")
        for part in (starting, headers, checkpoint, many, memory):
            part(folder)
    for room in (loading, record):
        with tempfile.TemporaryDirectory(prefix="brightline-bench-") as place:
            room.measure(Path(place))
    from bench import survey

    survey.main()


if __name__ == "__main__":
    main()
