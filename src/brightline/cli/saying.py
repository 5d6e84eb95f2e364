"""What the office's commands share: which office, text or JSON, and refusals as sentences."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from brightline.cli.failure import Exit, Failure

if TYPE_CHECKING:
    from brightline.assembly.office import Office

CENTURY = 100 * 366 * 86_400  # seconds
CALLED = 200  # letters
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def add_office(command: argparse.ArgumentParser) -> None:
    command.add_argument("--office", metavar="DIR", help="the office's folder (default: BRIGHTLINE_OFFICE)")
    add_format(command)


def add_format(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")


def say(arguments: argparse.Namespace, document: dict[str, Any], lines: Sequence[str], following: str = "") -> int:
    """What was done, and what comes next."""
    if arguments.format == "json":
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")
        return Exit.DONE
    from brightline.reports.text import clean

    for line in lines:
        print(clean(line))
    if following:
        print(f"next: {following}")
    return Exit.DONE


def with_office(handler: Callable[[argparse.Namespace, "Office"], int]) -> Callable[[argparse.Namespace], int]:
    """A handler that is given the office which its arguments name; its refusals end with code 5."""

    def run(arguments: argparse.Namespace) -> int:
        return refusing(lambda: _within(handler, arguments))

    return run


def _within(handler: Callable[[argparse.Namespace, "Office"], int], arguments: argparse.Namespace) -> int:
    from pathlib import Path

    try:
        from brightline.assembly.office import Office
    except ImportError as lacking:
        raise Failure(
            Exit.USAGE, f"an office needs the extra `office` ({lacking.name}): pip install 'brightline[office]'"
        ) from None
    from brightline.settings.environment import settings

    folder = arguments.office or settings().office
    if folder is None:
        raise Failure(
            Exit.USAGE, "which office? Say --office DIR, or set BRIGHTLINE_OFFICE. `brightline init DIR` makes one."
        )
    with Office(Path(folder)) as office:
        return handler(arguments, office)


def refusing(work: Callable[[], int]) -> int:
    """Run, and turn what the office refuses into an exit code and a sentence."""
    from brightline.assembly.refusal import Refused

    try:
        return work()
    except Refused as refusal:
        code = Exit.NO_INPUT if refusal.code in ("INPUT", "NO-OFFICE") else Exit.REFUSED
        raise Failure(code, str(refusal)) from None


def span(text: str) -> timedelta:
    """7d, 12h, 30m, 0s."""
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS or not number.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no span; write 7d, 12h, 30m or 0s")
    seconds = int(number) * UNITS[unit]
    if seconds > CENTURY:
        raise argparse.ArgumentTypeError(f"{text!r} is longer than a hundred years")
    return timedelta(seconds=seconds)


def days(text: str) -> int:
    """14d: whole days, since a charter counts those."""
    found = span(text)
    if found.seconds:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of days; write 14d")
    return found.days


def number(text: str) -> int:
    """Of a case, an order or an entry."""
    if not text.isascii() or not text.isdecimal() or int(text) >= 1 << 53:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a case, an order or an entry")
    return int(text)


def called(text: str) -> str:
    """What an account or a token is called, as long as any database keeps it."""
    if not 0 < len(text) <= CALLED or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no name: one has 1 to {CALLED} printable letters")
    return text


def port(text: str) -> int:
    """1 to 65535."""
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; one is a number from 1 to 65535")
    return int(text)


def moment(text: str) -> datetime:
    """A day or a moment in UTC; or a span from now."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC) + span(text)  # noqa: TID251 - a span counts from now
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise argparse.ArgumentTypeError(f"{text!r} leads out of the calendar") from None
