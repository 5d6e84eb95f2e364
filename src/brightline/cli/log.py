"""`brightline log`: the public record, its proofs, and those who watch it."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import add_format, add_office, number, refusing, say, span, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office
    from brightline.proof.note import Checkpoint, NoteKey


def log_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "The append-only log of every act."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    head = acts.add_parser(
        "checkpoint",
        help="print the newest checkpoint; write the log as a static folder",
        description="Print the newest checkpoint; with -o, write the log as tiles that any web server can hand out.",
        allow_abbrev=False,
    )
    head.add_argument("-o", "--output", metavar="DIR", help="write checkpoint and tiles here")
    prove = acts.add_parser(
        "prove",
        help="print the tlog-proof of an entry",
        description="Print the tlog-proof of an entry (C2SP tlog-proof).",
        allow_abbrev=False,
    )
    prove.add_argument("entry", type=number, metavar="ENTRY", help="its number, from 0")
    witness = acts.add_parser(
        "witness",
        help="have a witness cosign the newest checkpoint",
        description="Have a witness cosign the newest checkpoint (C2SP tlog-witness).",
        allow_abbrev=False,
    )
    witness.add_argument("url", metavar="URL", help="the witness: add-checkpoint is asked below it")
    for sub, handler in ((head, checkpoint), (prove, proof), (witness, ask)):
        add_office(sub)
        sub.set_defaults(handler=with_office(handler))
    watch = acts.add_parser(
        "monitor",
        help="watch a log, and tell loudly of a fork",
        description="Watch a log for forks, rewritten or withdrawn entries, until interrupted. Exit code: 6 where it found one.",
        allow_abbrev=False,
    )
    watch.add_argument("place", metavar="URL|DIR", help="an office's address, a tlog-tiles log, or a folder of tiles")
    watch.add_argument(
        "--key",
        metavar="VKEY|CHARTER",
        help="the log's verifier key, or charter.json (default: the charters that the log shows, the first one on trust)",
    )
    watch.add_argument(
        "--state",
        metavar="F",
        default="brightline-monitor.checkpoint",
        help="where the last good checkpoint is kept (default: %(default)s)",
    )
    watch.add_argument("--every", type=span, default=span("1m"), metavar="T", help="look this often (default: 1m)")
    watch.add_argument("--once", action="store_true", help="look once, and end")
    add_format(watch)
    watch.set_defaults(handler=lambda arguments: refusing(lambda: monitor(arguments)))


def checkpoint(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.record import write_tiles
    from brightline.proof.verification import log_key

    newest = office.read(lambda view: view.log.checkpoint())
    if arguments.output:
        write_tiles(office, Path(arguments.output))
    key = log_key(office.charter)
    document = {
        "origin": newest.origin,
        "size": newest.size,
        "root": newest.root.hex(),
        "note": newest.note(),
        "key": key.text(),
    }
    following = f"anyone may watch it: brightline log monitor {arguments.output or 'URL'} --key '{key.text()}'"
    return say(
        arguments,
        document,
        [*newest.note().rstrip("\n").split("\n"), *([f"wrote {arguments.output}"] if arguments.output else [])],
        following,
    )


def proof(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.record import prove_entry

    text = office.read(lambda view: prove_entry(view, arguments.entry))
    return say(arguments, {"entry": arguments.entry, "proof": text}, text.rstrip("\n").split("\n"))


def ask(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.record import be_witnessed

    seen, names = be_witnessed(office, arguments.url)
    return say(arguments, {"size": seen.size, "witnesses": names}, [f"{', '.join(names)} cosigned {seen.size} entries"])


def monitor(arguments: argparse.Namespace) -> int:
    from brightline.assembly.watching import Unreachable

    seen: Checkpoint | None = None
    while True:
        try:
            seen = _look(arguments, seen)
        except Unreachable as trouble:
            if arguments.once:
                raise Failure(Exit.NO_INPUT, f"{trouble}.") from None
            print(f"brightline: {trouble}; trying again", file=sys.stderr)
        if arguments.once:
            return Exit.DONE
        sys.stdout.flush()
        time.sleep(arguments.every.total_seconds())


def _look(arguments: argparse.Namespace, before: "Checkpoint | None") -> "Checkpoint":
    """Compare with what was kept, keep what is shown now, and say so where it is news."""
    from brightline.assembly.watching import log_place, watch_log
    from brightline.permit.notation import Illegible
    from brightline.proof.monitor import Forked

    kept = Path(arguments.state)
    try:
        place = log_place(arguments.place)
        seen = watch_log(place, _key(arguments, place), _kept(kept))
    except (Forked, Illegible) as trouble:
        raise Failure(Exit.UNPROVEN, f"FORK: {trouble}. {_evidence(arguments, kept)}") from None
    _keep(kept, seen.checkpoint.note())
    head = seen.checkpoint
    document = {"origin": head.origin, "size": head.size, "fresh": seen.fresh, "root": head.root.hex()}
    line = f"{head.origin}: {head.size} entries, {seen.fresh} of them new; consistent with everything seen before"
    if before is None or seen.fresh:
        say(arguments, document, [line])
    return head


def _evidence(arguments: argparse.Namespace, kept: Path) -> str:
    """What the log shows now is kept beside what it showed before: the two together say what happened."""
    from brightline.assembly.watching import Unreachable, log_place, reader_of

    other = Path(f"{arguments.state}.fork")
    try:
        other.write_bytes(reader_of(log_place(arguments.place))("checkpoint"))
    except (Unreachable, OSError) as trouble:
        return f"The checkpoint in {kept} is your evidence, and what is shown now could not be kept: {trouble}."
    return f"The checkpoints in {kept} and {other} are your evidence: keep them, and tell others."


def _key(arguments: argparse.Namespace, place: str) -> "NoteKey":
    """The key that was named; or the one of the log's charters, whose digests are kept beside the checkpoint."""
    from brightline.assembly.watching import chartered_key, monitored_key

    if arguments.key is not None:
        return monitored_key(arguments.key)
    kept = Path(f"{arguments.state}.charters")
    seen = kept.read_text(encoding="utf-8").split() if kept.exists() else []
    key, shown = chartered_key(place, seen)
    if not seen:
        print(f"brightline: trusting the first charter that {place} shows, {shown[0]}", file=sys.stderr)
    _keep(kept, "\n".join([*shown, ""]))
    return key


def _keep(place: Path, text: str) -> None:
    try:
        place.write_text(text, encoding="utf-8")
    except OSError as trouble:
        said = f"{place} cannot be written: {trouble.strerror}. Without it no fork is noticed; name another place by --state."
        raise Failure(Exit.USAGE, said) from None


def _kept(place: Path) -> "Checkpoint | None":
    from brightline.permit.notation import Illegible
    from brightline.proof.note import read_checkpoint

    if not place.exists():
        return None
    try:
        return read_checkpoint(place.read_text(encoding="utf-8"))
    except (Illegible, OSError, UnicodeDecodeError) as trouble:
        raise Failure(Exit.NO_INPUT, f"{place} holds no checkpoint: {trouble}. Move it away to begin anew.") from None
