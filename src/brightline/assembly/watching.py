"""Asking a log, at a URL or in a folder of tiles: is it the one it was."""

from collections.abc import Callable, Sequence
from pathlib import Path

from brightline.assembly.refusal import Refused
from brightline.permit.charter import read_chain
from brightline.permit.notation import Illegible
from brightline.proof.docket import read_docket
from brightline.proof.merkle import consistency, consistent
from brightline.proof.monitor import Forked, Watched, watch
from brightline.proof.note import Checkpoint, Line, NoteKey, read_checkpoint, read_lines, read_note_key
from brightline.proof.tile import WIDTH, Tile, nodes_of
from brightline.proof.verification import Papers, log_key
from brightline.proof.witness import Request
from brightline.sources.web import NoAnswer, fetch

CHARTER = "charter.json"  # beside the tiles of a log that lies in a folder


class Unreachable(Exception):
    """The log could not be asked. The sentence says why."""


def reader_of(place: str) -> Callable[[str], bytes]:
    """Reads `checkpoint` and `tile/...` below a URL (of an office, or of any tlog-tiles log) or a folder."""
    if not place.startswith(("http://", "https://")):
        return lambda path: _from_folder(Path(place), path)
    return lambda path: _from_web(f"{place.rstrip('/')}/{path}")


def office_log(url: str) -> str:
    """Where an office's log lies below its address."""
    return f"{url.rstrip('/')}/api/v1/log"


def _from_folder(folder: Path, path: str) -> bytes:
    try:
        return (folder / path).read_bytes()
    except OSError as trouble:
        raise Unreachable(f"{folder / path} cannot be read: {trouble.strerror}") from None


def _from_web(url: str) -> bytes:
    try:
        return fetch(url)
    except NoAnswer as trouble:
        raise Unreachable(str(trouble)) from None


def log_place(place: str) -> str:
    """Where the log lies: at the place itself, or where an office of that address has it. Raises Unreachable."""
    if not place.startswith(("http://", "https://")):
        return place
    try:
        fetch(f"{place.rstrip('/')}/checkpoint")
    except NoAnswer as trouble:
        if trouble.status == 404:
            return office_log(place)
        raise Unreachable(str(trouble)) from None
    return place.rstrip("/")


def chartered_key(place: str, seen: Sequence[str]) -> tuple[NoteKey, list[str]]:
    """The key that the log's own charters name, and the digests of them all. Raises Unreachable, Forked, Illegible.

    Whoever has seen none yet trusts the first charter that is shown; and from then on none that does not continue them.
    """
    web = place.startswith(("http://", "https://"))
    try:
        content = _from_web(f"{place.removesuffix('/log')}/charters") if web else _from_folder(Path(place), CHARTER)
    except Unreachable as trouble:
        raise Unreachable(f"{trouble}. Name the log's verifier key with --key") from None
    envelopes, charters = read_chain(content)
    shown = [envelope.digest for envelope in envelopes]
    if shown[: len(seen)] != list(seen):
        raise Forked(f"{place} shows other charters ({', '.join(shown)}) than before ({', '.join(seen)})")
    return log_key(charters[-1]), shown


def read_head(read: Callable[[str], bytes]) -> Checkpoint:
    """Raises Unreachable, Illegible."""
    try:
        return read_checkpoint(read("checkpoint").decode("utf-8"))
    except UnicodeDecodeError:
        raise Illegible("the checkpoint is no text") from None


def watch_log(place: str, key: NoteKey, old: Checkpoint | None) -> Watched:
    """Raises Unreachable, Forked, Illegible."""
    read = reader_of(place)
    return watch(old, read_head(read), key, read)


def fresh_proof(url: str, permit: str, papers: Papers) -> bytes:
    """The permit's proof as the office gives it now. Raises Unreachable, also where its log does not continue ours."""
    fresh = _from_web(f"{url.rstrip('/')}/api/v1/permits/{permit}/proof")
    newest = read_chain(papers.charters)[1][-1]
    old, new = read_docket(papers.proof).proof.checkpoint, read_docket(fresh).proof.checkpoint
    key = log_key(newest)
    read = reader_of(office_log(url))
    nodes = nodes_of(
        lambda level, number: read(Tile(level, number, min(WIDTH, (new.size >> 8 * level) - number * WIDTH)).path)
    )
    if not new.signed_by(key) or not old.signed_by(key):
        raise Unreachable("a checkpoint is not signed by the charter's log key")
    if new.size < old.size or not consistent(
        old.size, new.size, consistency(nodes, old.size, new.size), old.root, new.root
    ):
        raise Unreachable(f"FORK: the log at {url} does not continue the one that the proof is from; trust neither")
    return fresh


def ask_witness(url: str, old: int, path: tuple[bytes, ...], checkpoint: Checkpoint) -> tuple[Line, ...] | int:
    """The cosignature lines, or the size that the witness saw last. Raises Unreachable."""
    try:
        said = fetch(f"{url.rstrip('/')}/add-checkpoint", Request(old, path, checkpoint).text().encode("utf-8"))
    except NoAnswer as trouble:
        if trouble.status == 409 and trouble.body.strip().isdigit():
            return int(trouble.body)
        words = trouble.body.decode("utf-8", "replace")[:200].strip()
        raise Unreachable(f"{trouble}: {words}" if words else str(trouble)) from None
    return read_lines(said.decode("utf-8", "replace"))


def monitored_key(text: str) -> NoteKey:
    """A verifier key, or the log's key in a file of charters. Raises Refused."""
    try:
        if Path(text).is_file():
            return log_key(read_chain(Path(text).read_bytes())[1][-1])
        return read_note_key(text)
    except (Illegible, OSError) as trouble:
        raise Refused(f"--key: {trouble}.") from None
