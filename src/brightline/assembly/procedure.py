"""What a command asks for, from the address of a release to its determinations."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from brightline.assembly.refusal import Refused, read_text
from brightline.inspection.conclusion import conclude
from brightline.inspection.examination import Examination, Examined
from brightline.inspection.facts.rules import CONTRADICTION, UNREAD
from brightline.inspection.finding import Finding
from brightline.inspection.formats.anomaly import rule_of
from brightline.inspection.report import Inspection
from brightline.release.classification import Kinds, load_kinds
from brightline.release.declaration import Declaration
from brightline.settings.environment import settings
from brightline.sources.opening import open_source
from brightline.sources.source import NoSource, Source

if TYPE_CHECKING:
    from brightline.decision.determination import Determination
    from brightline.decision.line import Line
    from brightline.evaluation.evidence import Evidence

KINDS = Path(__file__).parent.parent / "release" / "kinds.toml"


def examine_release(
    address: str, declared: str | None = None, progress: Callable[[int], None] = lambda _count: None
) -> Inspection:
    """Inspect the release at `address`; `declared` is the path of a declaration. Raises Refused."""
    said = [read_declaration(declared)] if declared is not None else []
    surroundings = settings()
    try:
        with open_source(address, surroundings.hf_endpoint, surroundings.hf_token) as source:
            examined = Examination(progress).read(source.entries())
            _oddities(source, examined)
            return conclude_release(source.title, examined, said)
    except NoSource as trouble:
        raise Refused(str(trouble)) from None


def _oddities(source: Source, examined: Examined) -> None:
    """What is odd about the archive that holds the release is a finding on the archive itself."""
    for oddity in source.oddities:
        examined.findings.append(Finding(rule_of(oddity.code), source.title, oddity.message, oddity.offset))


def conclude_release(title: str, examined: Examined, said: list[Declaration]) -> Inspection:
    """With what the applicant declared, and what the release says of itself."""
    declaration = _merged([*said, *(_own_words(examined) if examined.texts else [])], examined)
    return conclude(declaration.title or title, examined, _kinds(), declaration)


def _merged(said: list[Declaration], examined: Examined) -> Declaration:
    """All that was said, as one; where it contradicts itself is a finding."""
    if not said:
        return Declaration()
    from brightline.release.declaring import merge  # noqa: PLC0415 - see start-up time

    merged = merge(said)
    examined.findings += [Finding(CONTRADICTION, merged.declaration.origin, text) for text in merged.conflicts]
    return merged.declaration


def _own_words(examined: Examined) -> list[Declaration]:
    """What the release says of itself. What it says badly is a finding, not a reason to stop."""
    from brightline.release.card import parse_card  # noqa: PLC0415 - see start-up time
    from brightline.release.declaring import Undeclared, parse_declaration  # noqa: PLC0415

    said: list[Declaration] = []
    for path, parse in (("brightline.toml", parse_declaration), ("README.md", parse_card)):
        if path not in examined.texts:
            continue
        try:
            own = parse(examined.texts[path], path)
        except Undeclared as trouble:
            examined.findings.append(Finding(UNREAD, path, str(trouble)))
            continue
        said += [own] if own is not None else []
    return said


def read_declaration(place: str) -> Declaration:
    """A declaration in a file. Raises Refused."""
    return parse_declared(read_text(place), place)


def parse_declared(text: str, place: str) -> Declaration:
    """Raises Refused."""
    from brightline.release.declaring import Undeclared, parse_declaration  # noqa: PLC0415

    try:
        return parse_declaration(text, place)
    except Undeclared as trouble:
        raise Refused(str(trouble)) from None


def _kinds() -> Kinds:
    return load_kinds(KINDS.read_text(encoding="utf-8"))


def load_evidence(places: Sequence[str]) -> list["Evidence"]:
    """Evidence in JSON files. Raises Refused."""
    from brightline.evaluation.evidence import Inadmissible, parse_evidence  # noqa: PLC0415

    found: list[Evidence] = []
    for place in places:
        try:
            found += parse_evidence(read_text(place), place)
        except Inadmissible as trouble:
            raise Refused(str(trouble)) from None
    return found


def determine_release(
    inspection: Inspection, lines: Sequence["Line"], evidence: Sequence["Evidence"], on: date | None = None
) -> list["Determination"]:
    """What each line says, as of a day (today, where none is given). What inspection blocks stays withheld."""
    from brightline.decision.barring import bar  # noqa: PLC0415
    from brightline.decision.judgement import determine  # noqa: PLC0415

    day = on or datetime.now(UTC).date()  # noqa: TID251 - the clock is read in assembly
    digest = inspection.manifest.digest
    return [bar(determine(line, inspection.facts, evidence, day, digest), inspection.findings) for line in lines]
