"""Where a result goes: a file, or standard output; and the bar that shows work of more than a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

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
    from io import StringIO

    kept = StringIO()
    render(Console(width=100, file=kept, color_system=None))
    write(kept.getvalue(), place)


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
        self._progress: Progress | None = None

    def advance(self, count: int) -> None:
        self._done += count
        if self._progress is None and self._clock() - self._began < PATIENCE:
            return
        if self._progress is None:
            self._progress = self._appear()
        self._progress.update(self._progress.task_ids[0], completed=self._done)

    def _appear(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        shown = Progress(*columns, console=Console(stderr=True), transient=True)
        shown.add_task(self._label, total=self._total)
        shown.start()
        return shown

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
