"""C2SP tlog-witness: what a witness is asked, and how it answers. It cosigns only what grows out of what it cosigned."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from brightline.permit.envelope import decoded
from brightline.permit.key import Signer
from brightline.permit.notation import Illegible
from brightline.proof.merkle import consistent
from brightline.proof.note import Checkpoint, NoteKey, read_checkpoint, whole


@dataclass(frozen=True, slots=True)
class Request:
    """The body of add-checkpoint."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    def text(self) -> str:
        hashes = [b64encode(step).decode("ascii") for step in self.path]
        return "\n".join([f"old {self.old}", *hashes, "", self.checkpoint.note()])


def read_request(text: str) -> Request:
    """Raises Illegible."""
    front, gap, note = text.partition("\n\n")
    first, *rows = front.split("\n")
    path = tuple(decoded(row) for row in rows)
    if not gap or not first.startswith("old ") or len(path) > 63 or any(len(step) != 32 for step in path):
        raise Illegible("a witness is asked with `old N`, at most 63 hashes, an empty line and a checkpoint")
    return Request(whole(first.removeprefix("old ")), path, read_checkpoint(note))


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status, the body, and what the witness must remember before it answers."""

    status: int
    body: str
    kept: Checkpoint | None = None


def answer(
    request: Request, last: Checkpoint | None, logs: Sequence[NoteKey], signer: Signer, key: NoteKey, at: datetime
) -> Reply:
    """404 unknown log, 403 not signed by it, 409 another size was seen last, 422 no consistent growth, 200 the cosignature."""
    new = request.checkpoint
    known = [log for log in logs if log.name == new.origin]
    if not known:
        return Reply(404, f"{new.origin} is not a log that this witness knows\n")
    if not any(new.signed_by(log) for log in known):
        return Reply(403, f"the checkpoint is not signed by {new.origin}\n")
    seen = last.size if last is not None else 0
    if request.old > new.size:
        return Reply(400, "the old size is larger than the new one\n")
    if request.old != seen:
        return Reply(409, f"{seen}\n")
    if last is not None and new.size == last.size and new.root != last.root:
        return Reply(409, f"{seen}\n")
    if last is not None and not consistent(last.size, new.size, request.path, last.root, new.root):
        return Reply(422, "the checkpoint does not grow out of the one that was cosigned before\n")
    line = Checkpoint(new.origin, new.size, new.root).cosigned(signer, key, at).lines[0]
    return Reply(200, str(line), new)
