"""The acts of `brightline case` that need more than words: file, examine, draft, sign, recall."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import add_office, moment, number, say, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office
    from brightline.decision.access import Access
    from brightline.release.component import Component


def _parser(acts: Any, name: str, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = acts.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
    )
    return command


def add_file(acts: Any) -> None:
    command = _parser(acts, "file", "file a release: its bytes are copied and hashed here")
    command.add_argument("path", metavar="PATH", help="a folder, a file, an archive, or hf://org/name[@revision]")
    command.add_argument("--applicant", default="applicant", metavar="A", help="who files it (default: applicant)")
    command.add_argument(
        "--affiliate",
        action="append",
        default=[],
        metavar="A",
        help="who else belongs to the applicant; may be given several times",
    )
    command.add_argument("--declare", metavar="F", help="a declaration (TOML)")
    command.add_argument(
        "--line",
        default="lessig",
        metavar="ID|FILE",
        help="the line to be judged by, pinned as it stands now (default: lessig)",
    )
    command.add_argument("--base", type=number, metavar="N", help="the case of the model that this one derives from")
    command.add_argument("--title", metavar="T", help="how people call it (default: its name)")
    add_office(command)
    command.set_defaults(handler=with_office(file))


def file(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.filing import Filing, file_release
    from brightline.cli import output
    from brightline.cli.case import done

    filing = Filing(
        arguments.path,
        arguments.applicant,
        tuple(arguments.affiliate),
        arguments.declare,
        arguments.line,
        arguments.base,
        arguments.title,
    )
    with output.progress(None, "filing") as told:
        case = file_release(office, filing, told)
    return done(
        arguments, office, case, f"filed {case.title} by {case.applicant}, under {case.line}, {case.manifest[:23]}…"
    )


def add_examine(acts: Any) -> None:
    command = _parser(
        acts, "examine", "inspect the filed bytes as a durable job; run it again after a crash and it goes on"
    )
    command.add_argument("number", type=number, metavar="N", help="the case")
    command.add_argument("--cancel", action="store_true", help="cancel the job that runs")
    add_office(command)
    command.set_defaults(handler=with_office(examine))


def examine(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly import examination
    from brightline.cli.case import done

    with examination.examining(office):
        if arguments.cancel:
            stopped = examination.cancel(arguments.number)
            return say(
                arguments,
                {"case": arguments.number, "cancelled": stopped},
                ["cancelled" if stopped else "no job was running"],
            )
        handle = examination.begin(arguments.number, _examiner(office))
        case = examination.wait(handle, office, arguments.number, _tell)
    return done(arguments, office, case, f"examined: {case.clearance}, report {str(case.report)[:23]}…")


def _tell(progress: Any) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rexamining: {progress.done} of {progress.total} files")


def _examiner(office: "Office") -> str:
    from brightline.permit.charter import Role

    names = [name for name, holder in office.charter.holders.items() if Role.EXAMINER in holder.roles]
    if not names:
        raise Failure(Exit.REFUSED, "the charter names no examiner; rotate it to one that does.")
    return names[0]


def add_draft(acts: Any) -> None:
    command = _parser(acts, "draft", "determine under the pinned line, and draft the permit that says so")
    command.add_argument("number", type=number, metavar="N", help="the case")
    command.add_argument(
        "--evidence",
        action="append",
        default=[],
        metavar="F",
        help="a JSON file of evidence; may be given several times",
    )
    command.add_argument("--effective", type=moment, metavar="T", help="not before this day, moment or span from now")
    command.add_argument(
        "--expires", type=moment, metavar="T", help="a day, a moment, or a span from now such as 365d (default: never)"
    )
    command.add_argument(
        "--narrow",
        action="append",
        default=[],
        metavar="C=ACCESS",
        help="close a component further than the line does; may be given several times",
    )
    add_office(command)
    command.set_defaults(handler=with_office(draft))


def draft(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.deciding import Wanted, draft_case
    from brightline.cli.case import done

    narrower = dict(_narrowed(text) for text in arguments.narrow)
    wanted = Wanted(arguments.evidence, arguments.effective, arguments.expires, narrower)
    case = draft_case(office, arguments.number, office.officer(), wanted)
    drafted = case.draft
    said = "" if drafted is None else ", ".join(f"{part} {access}" for part, access in drafted.access.items())
    hearing = (
        "" if drafted is None or drafted.hearing_until is None else f"; hearing until {drafted.hearing_until:%Y-%m-%d}"
    )
    return done(arguments, office, case, f"drafted: {said}{hearing}")


def _narrowed(text: str) -> "tuple[Component, Access]":
    from brightline.decision.access import Access
    from brightline.release.component import JUDGED, Component

    part, _, access = text.partition("=")
    if part not in list(JUDGED) or access not in list(Access):
        raise Failure(Exit.USAGE, f"{text!r}: write COMPONENT=ACCESS, such as weights=gated.")
    return Component(part), Access(access)


def add_sign(acts: Any) -> None:
    command = _parser(acts, "sign", "sign the draft as an approver, or sign a dissent")
    command.add_argument("number", type=number, metavar="N", help="the case")
    command.add_argument(
        "--key",
        required=True,
        metavar="F",
        help="a private key in PEM; or awskms:...@HOLDER, gcpkms:..., azurekms:..., hsm:...",
    )
    command.add_argument(
        "--dissent", metavar="TEXT", help="vote against it, for these reasons, which stay in the record"
    )
    add_office(command)
    command.set_defaults(handler=with_office(sign))


def sign(arguments: argparse.Namespace, office: "Office") -> int:
    """The vote; and the decision itself, where the vote was the last that it needed."""
    from brightline.assembly.deciding import sign_case
    from brightline.assembly.refusal import Refused
    from brightline.cli.case import done

    case = sign_case(office, arguments.number, arguments.key, arguments.dissent)
    if arguments.dissent is not None:
        return done(arguments, office, case, "the dissent is recorded")
    try:
        case = office.say("decide", arguments.number, office.officer(), {})
    except Refused as waiting:
        return done(arguments, office, case, f"signed; {waiting}")
    return done(arguments, office, case, "signed, and decided")


def add_recall(acts: Any) -> None:
    command = _parser(acts, "recall", "recall a permit for good, and say who has the bytes")
    command.add_argument("number", type=number, metavar="N", help="the case")
    command.add_argument("--reason", required=True, help="why")
    command.add_argument("-o", "--output", metavar="F", help="export whom to tell, as CSV")
    add_office(command)
    command.set_defaults(handler=with_office(recall))


def recall(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.deciding import notice_case
    from brightline.assembly.exposing import told_csv, told_of
    from brightline.permit.order import Effect

    _writable(arguments.output)
    case = notice_case(office, arguments.number, "recall", Effect.RECALLED, office.officer(), arguments.reason)
    told, unnamed = office.read(lambda view: told_of(view, case.manifest))
    ever = sorted({part.value for one in case.issued for part, access in one.draft.access.items() if access == "open"})
    document = {
        "case": case.number,
        "state": case.state,
        "tell": [
            {"caller": one.caller, "contact": one.contact, "first": one.first, "last": one.last, "files": one.files}
            for one in told
        ],
        "unnamed": unnamed,
        "open": ever,
    }
    lines = [
        f"case {case.number}: recalled, effective now",
        *(
            f"tell   {one.caller} <{one.contact}>: {len(one.files)} files, last {one.last:%Y-%m-%d %H:%M}"
            for one in told
        ),
        f"{len(told)} callers to tell; {unnamed} files went out to callers without a name, who cannot be told",
        *([f"who downloaded what was open to everybody ({', '.join(ever)}) was not written down"] if ever else []),
    ]
    code = say(arguments, document, lines)
    if arguments.output:
        try:
            Path(arguments.output).write_text(told_csv(told), encoding="utf-8")
        except OSError as trouble:
            raise Failure(
                Exit.USAGE, f"recalled, but {arguments.output} cannot be written: {trouble.strerror}."
            ) from None
    return code


def _writable(place: str | None) -> None:
    """A permit is recalled once, and its list is exported with that: a place that cannot be written to is told before."""
    try:
        if place:
            Path(place).open("a", encoding="utf-8").close()
    except OSError as trouble:
        sentence = f"{place} cannot be written: {trouble.strerror}. Nothing was recalled; name another file with -o."
        raise Failure(Exit.USAGE, sentence) from None
