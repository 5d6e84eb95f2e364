"""C2SP tlog-proof: everything that shows an entry to be in the log, in one file that needs no network."""

from base64 import b64encode
from dataclasses import dataclass

from brightline.permit.envelope import decoded
from brightline.permit.notation import Illegible
from brightline.proof.merkle import included, leaf_hash
from brightline.proof.note import Checkpoint, read_checkpoint, whole

HEADER = "c2sp.org/tlog-proof@v1"
SIZE = 16 << 20  # characters


@dataclass(frozen=True, slots=True)
class TlogProof:
    """`extra` is opaque to the format; brightline puts the entry and a standing there."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    extra: bytes = b""

    def text(self) -> str:
        extra = [f"extra {b64encode(self.extra).decode('ascii')}"] if self.extra else []
        hashes = [b64encode(step).decode("ascii") for step in self.path]
        return "\n".join([HEADER, *extra, f"index {self.index}", *hashes, "", self.checkpoint.note()])

    def holds(self, entry: bytes) -> bool:
        """The entry is in the log whose head the checkpoint is. Who signed the checkpoint is another question."""
        return included(leaf_hash(entry), self.index, self.checkpoint.size, self.path, self.checkpoint.root)


def read_proof(text: str) -> TlogProof:
    """Raises Illegible."""
    front, gap, note = text.partition("\n\n")
    if not gap or len(text) > SIZE:
        raise Illegible("this is no tlog-proof: a proof, an empty line, a checkpoint")
    header, *rows = front.split("\n")
    if header != HEADER:
        raise Illegible(f"a proof begins with {HEADER}, not {header[:60]!r}")
    extra = decoded(rows.pop(0).removeprefix("extra ")) if rows and rows[0].startswith("extra ") else b""
    if not rows or not rows[0].startswith("index "):
        raise Illegible("a proof says the entry's index")
    path = tuple(decoded(row) for row in rows[1:])
    if len(path) > 63 or any(len(step) != 32 for step in path):
        raise Illegible("a proof has at most 63 hashes of 32 bytes")
    return TlogProof(whole(rows[0].removeprefix("index ")), path, read_checkpoint(note), extra)
