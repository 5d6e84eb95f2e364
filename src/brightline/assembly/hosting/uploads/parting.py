"""Large files that LFS clients send in parts; a part that was lost on the way is sent again, and not the file."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.hosting.uploads.receiving import Receiving
from brightline.hub.host import FULL, Arrived, Coming, Turned
from brightline.release.reader import Unreadable
from brightline.storage.blobs.inlet import Inlet
from brightline.storage.blobs.parts import drop_parts, keep_part, part_name, read_parts
from brightline.storage.repositories import holdings, shelf

PART = 64 << 20  # bytes of a part
WHOLE = 4 * PART  # bytes up to which a file comes in one piece
PARTS = 1_000  # of one file: parts of larger ones are larger


class Parting:
    """Of one office. The ticket of the whole file is that of its parts."""

    def __init__(self, shelving: Shelving, receiving: Receiving) -> None:
        self._office, self._receiving = shelving.office, receiving

    def part_size(self, size: int) -> int | None:
        """None where the file comes in one piece."""
        if size <= WHOLE:
            return None
        return max(PART, -(-size // PARTS) + (1 << 20) - 1 >> 20 << 20)

    def _ticket(self, ticket: str) -> tuple[str, str, str, int]:
        """Mark, digest, key and size. Raises Turned."""
        mark, sha256, size = self._receiving.admitted("lfs", ticket)
        key = hashlib.sha256(f"{mark} {sha256} {size}".encode()).hexdigest()[:32]
        return str(mark), str(sha256), key, int(str(size))

    def bound(self, ticket: str, number: int) -> Coming:
        """The bytes that a part has, for which there is room. Raises Turned where there is no such part, or no room."""
        mark, _, key, size = self._ticket(ticket)
        due = self._due(size, number)
        return Coming(self._receiving.room(mark, {part_name(key, number): due}), due)

    def _due(self, size: int, number: int) -> int:
        length = self.part_size(size)
        if length is None or not 0 < number <= -(-size // length):
            raise Turned(404, f"this file has no part {number}.")
        return min(length, size - (number - 1) * length)

    def part(self, ticket: str, number: int, place: Path) -> str:
        """Its tag. Raises Turned."""
        mark, announced, key, size = self._ticket(ticket)
        due = self._due(size, number)
        if place.stat().st_size != due:
            raise Turned(422, f"part {number} has {place.stat().st_size} bytes, not {due}.")
        self._receiving.expect(mark, {part_name(key, number): due})
        try:
            tag = keep_part(self._office.blobs, key, number, place)
        except Unreadable as trouble:
            raise Turned(FULL, f"{trouble}.") from None
        if self._receiving.here(mark, {announced: size}):  # a part that came again, behind the whole
            drop_parts(self._office.blobs, key, [number])
            self._receiving.release(mark, {part_name(key, number): due})
        return tag

    def complete(self, ticket: str, sha256: str, tags: Sequence[str]) -> None:
        """The parts, in their order, are the file that was announced; said twice, it is one. Raises Turned."""
        mark, announced, key, size = self._ticket(ticket)
        length = self.part_size(size)
        count = 0 if length is None else -(-size // length)
        if sha256 != announced or len(tags) != count or count == 0:
            raise Turned(422, f"{announced} has {count} parts, each with its tag.")
        if not self._receiving.here(mark, {announced: size}):
            self._join(ticket, count)
        drop_parts(self._office.blobs, key, range(1, count + 1))
        self._receiving.release(mark, self._sizes(key, size))

    def _sizes(self, key: str, size: int) -> dict[str, int]:
        """Of all parts, by the names that they are charged under."""
        count = -(-size // (self.part_size(size) or PART))
        return {part_name(key, number): self._due(size, number) for number in range(1, count + 1)}

    def _join(self, ticket: str, count: int) -> None:
        mark, announced, _, size = self._ticket(ticket)
        try:
            self._put_together(ticket, count)
        except Unreadable as trouble:
            if not self._receiving.here(mark, {announced: size}):  # somebody else may have joined and dropped them
                raise Turned(422, f"{trouble}: send it again.") from None
        except OSError as trouble:
            raise Turned(FULL, f"it cannot be kept: {trouble.strerror}.") from None

    def _put_together(self, ticket: str, count: int) -> None:
        """Raises Unreadable, OSError, Turned."""
        _, _, key, size = self._ticket(ticket)
        inlet = Inlet(self._receiving.incoming(), hashing=True)
        try:
            inlet.keep(read_parts(self._office.blobs, key, count))
            self._receiving.file(ticket, Arrived(inlet.place, inlet.finish(), inlet.size), self._sizes(key, size))
        finally:
            inlet.drop()
            inlet.place.unlink(missing_ok=True)

    def verify(self, ticket: str, sha256: str, size: int) -> None:
        """Whether what a ticket was for has arrived. Raises Turned."""
        mark, announced, _, whole = self._ticket(ticket)
        with self._office.engine.begin() as connection:
            repo = shelf.find_incarnation(connection, mark)
            here = {} if repo is None else holdings.possessed(connection, repo, [announced])
        if (sha256, size) != (announced, whole) or here.get(announced) != whole:
            raise Turned(404, f"{announced} has not arrived here.")
