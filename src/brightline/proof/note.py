"""C2SP signed-note, tlog-checkpoint and tlog-cosignature: the head of the log, signed by the log and by its witnesses."""

import hashlib
import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from brightline.permit.envelope import decoded
from brightline.permit.key import Key, Signer
from brightline.permit.notation import Illegible

SIZE = 1 << 20  # bytes of a note; c2sp.org/signed-note asks for a bound
SIGNATURES = 100
_ED25519, _COSIGNATURE = b"\x01", b"\x04"
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key and the name it goes by in notes. A witness' key is another key than a log's, though it be the same bytes."""

    name: str
    key: Key
    witness: bool = False

    @property
    def identity(self) -> bytes:
        """The four bytes that stand before a signature: a hint, not a proof."""
        kind = _COSIGNATURE if self.witness else _ED25519
        return hashlib.sha256(self.name.encode() + b"\n" + kind + self.key.raw()).digest()[:4]

    def text(self) -> str:
        """The verifier key as c2sp.org/signed-note writes it."""
        kind = _COSIGNATURE if self.witness else _ED25519
        return f"{self.name}+{self.identity.hex()}+{b64encode(kind + self.key.raw()).decode()}"


def read_note_key(text: str) -> NoteKey:
    """Raises Illegible."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    content = decoded(encoded)
    if not name or len(content) != 33 or content[:1] not in {_ED25519, _COSIGNATURE}:
        raise Illegible(f"{text[:80]!r} is no verifier key: name+hash+key")
    found = NoteKey(name, Key.of("ed25519", content[1:].hex()), content[:1] == _COSIGNATURE)
    if found.identity.hex() != identity:
        raise Illegible(f"the hash in the verifier key of {name!r} is not its own")
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line: the name, the key's hint, and what the key's kind puts behind it."""

    name: str
    identity: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.identity + self.value).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: how many entries it has, and the hash over them all."""

    origin: str
    size: int
    root: bytes
    lines: tuple[Line, ...] = ()

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"

    def note(self) -> str:
        return f"{self.text()}\n{''.join(map(str, self.lines))}"

    def signed(self, signer: Signer, key: NoteKey) -> "Checkpoint":
        """By the log."""
        return self.with_lines([Line(key.name, key.identity, signer.sign(self.text().encode("utf-8")))])

    def cosigned(self, signer: Signer, key: NoteKey, at: datetime) -> "Checkpoint":
        """By a witness, at a moment."""
        moment = int(at.timestamp())
        value = struct.pack(">Q", moment) + signer.sign(self._cosigned_text(moment))
        return self.with_lines([Line(key.name, key.identity, value)])

    def with_lines(self, lines: Sequence[Line]) -> "Checkpoint":
        """With more signatures; a later one by the same key takes the place of the earlier."""
        fresh = {(line.name, line.identity) for line in lines}
        kept = [line for line in self.lines if (line.name, line.identity) not in fresh]
        return replace(self, lines=(*kept, *lines))

    def signed_by(self, key: NoteKey) -> bool:
        return any(
            key.key.verifies(line.value, self.text().encode("utf-8")) for line in self._of(key) if not key.witness
        )

    def cosigned_by(self, key: NoteKey) -> datetime | None:
        """When a witness saw it; None where it did not."""
        for line in self._of(key):
            if key.witness and len(line.value) == 72:
                moment = int(struct.unpack(">Q", line.value[:8])[0])
                if key.key.verifies(line.value[8:], self._cosigned_text(moment)) and moment < 1 << 36:
                    return datetime.fromtimestamp(moment, UTC)
        return None

    def _of(self, key: NoteKey) -> list[Line]:
        return [line for line in self.lines if (line.name, line.identity) == (key.name, key.identity)]

    def _cosigned_text(self, moment: int) -> bytes:
        return f"cosignature/v1\ntime {moment}\n{self.text()}".encode()


def read_checkpoint(note: str) -> Checkpoint:
    """Raises Illegible."""
    if len(note) > SIZE or "\n\n" not in note or not note.endswith("\n"):
        raise Illegible("this is no signed note: text, an empty line, signatures")
    text, _, signatures = note.rpartition("\n\n")
    rows = text.split("\n")
    if len(rows) != 3 or not rows[0] or not rows[0].isprintable():
        raise Illegible("a checkpoint has three lines: origin, size, root")
    root = decoded(rows[2])
    if len(root) != 32:
        raise Illegible("the root of a checkpoint has 32 bytes")
    return Checkpoint(rows[0], whole(rows[1]), root, read_lines(signatures))


def whole(text: str) -> int:
    """A number in decimal, without leading zeroes. Raises Illegible."""
    if not text.isascii() or not text.isdecimal() or len(text) > 16 or (text[0] == "0" and text != "0"):
        raise Illegible(f"{text[:40]!r} is no number of entries")
    return int(text)


def read_lines(text: str) -> tuple[Line, ...]:
    """Signature lines. Raises Illegible."""
    rows = text.removesuffix("\n").split("\n")
    if len(rows) > SIGNATURES:
        raise Illegible(f"a note has at most {SIGNATURES} signatures")
    return tuple(_line(row) for row in rows)


def _line(row: str) -> Line:
    name, _, encoded = row.removeprefix(_DASH).partition(" ")
    content = decoded(encoded)
    if not row.startswith(_DASH) or not name or "+" in name or len(content) < 5:
        raise Illegible(f"{row[:60]!r} is no signature line")
    return Line(name, content[:4], content[4:])
