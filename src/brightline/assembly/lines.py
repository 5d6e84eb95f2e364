"""Lines by name: those that ship, and those in a file."""

from difflib import get_close_matches
from pathlib import Path

from brightline.assembly.refusal import Refused, read_text
from brightline.decision.draft import parse_line
from brightline.decision.line import Crooked, Line

SHIPPED = Path(__file__).parent.parent / "decision" / "lines"
DEFAULT = "lessig"


def shipped() -> dict[str, str]:
    """Identity -> TOML text of every line that ships, the default one first."""
    found = {place.stem: place.read_text(encoding="utf-8") for place in sorted(SHIPPED.glob("*.toml"))}
    return {DEFAULT: found.pop(DEFAULT), **found}


def line_text(name: str) -> str:
    """The TOML of a shipped line, or of a file. Raises Refused."""
    place = SHIPPED / f"{name}.toml"
    if name.isascii() and "/" not in name and place.is_file():
        return place.read_text(encoding="utf-8")
    if Path(name).is_file() or name.endswith(".toml"):
        return read_text(name)
    known = [place.stem for place in sorted(SHIPPED.glob("*.toml"))]
    close = get_close_matches(name, known, 1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise Refused(f"there is no line {name}.{meant} Shipped are {', '.join(known)}; a file ends in .toml.")


def find_line(name: str) -> Line:
    """The line itself. Raises Refused with every problem in it."""
    try:
        return parse_line(line_text(name))
    except Crooked as crooked:
        problems = "\n  ".join(str(problem) for problem in crooked.problems)
        raise Refused(f"{name} is no line that can be judged by:\n  {problems}") from None
