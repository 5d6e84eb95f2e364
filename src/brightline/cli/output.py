"""Where a result goes: a file, or standard output; and the bar that shows work of more than a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure

if TYPE_CHECKING:
    from rich.console import Console

PATIENCE = 1.0  # seconds before a progress bar appears


def write(text: str, place: str | None) -> None:
    """To the file `place`, or to standard output. A file that cannot be written is a usage failure, said as such."""
    if place is None or place == "-":
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    try:
        Path(place).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as trouble:
        raise Failure(Exit.USAGE, f"cannot write {place}: {trouble.strerror}. Name another file with -o.") from None
    print(f"brightline: wrote {place}", file=sys.stderr)


def text_document(render: Callable[["Console"], None], place: str | None) -> None:
    """Rich text: coloured on a terminal, plain in a file."""
    from rich.console import Console

    if place is None or place == "-":
        render(Console(soft_wrap=False))
        return
    console = Console(record=True, width=100, quiet=False, file=_Nowhere(), color_system=None)
    render(console)
    write(console.export_text(), place)


class _Nowhere:
    """A file that keeps nothing: the console records, and we write what it recorded."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return


@contextmanager
def progress(total: int | None, label: str) -> Iterator[Callable[[int], None]]:
    """A callback that counts bytes; the bar appears on a terminal's standard error once a second has passed."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    bar = _Bar(total, label)
    try:
        yield bar.advance
    finally:
        bar.close()


class _Bar:
    def __init__(self, total: int | None, label: str) -> None:
        import time

        self._clock, self._total, self._label = time.monotonic, total, label
        self._began, self._done = time.monotonic(), 0
        self._progress: object = None

    def advance(self, count: int) -> None:
        self._done += count
        if self._progress is None and self._clock() - self._began < PATIENCE:
            return
        from rich.progress import Progress

        if not isinstance(self._progress, Progress):
            self._progress = self._appear()
        self._progress.update(self._progress.task_ids[0], completed=self._done)

    def _appear(self) -> object:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        shown = Progress(*columns, console=Console(stderr=True), transient=True)
        shown.add_task(self._label, total=self._total)
        shown.start()
        return shown

    def close(self) -> None:
        from contextlib import suppress

        with suppress(AttributeError):
            self._progress.stop()  # type: ignore[attr-defined]
