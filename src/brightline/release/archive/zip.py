"""Zip archives read in place, as lenient as the loaders that will open them, and telling of everything that is odd.

Source: APPNOTE.TXT 6.3.10. Section numbers stand beside what they explain.
"""

import struct
import zlib
from dataclasses import dataclass, field

from brightline.release.archive.damaged import Anomaly, Damaged, unsafe
from brightline.release.archive.inflate import Inflated, bzip2, raw_deflate
from brightline.release.reader import Reader, Unreadable, Window, blocks

MEMBERS = 50_000
DIRECTORY = 16 << 20
RATIO = 1032  # what deflate can reach at the most; honest files stay far below it
LARGE = 100 << 20
TOTAL_RATIO = 200
EOCD, CENTRAL, LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_CENTRAL = struct.Struct("<4x2x2xHHHHIIIHHHHHII")  # 4.3.12
_LOCAL = struct.Struct("<4x2xHHHHIIIHH")  # 4.3.7


@dataclass(slots=True)
class Member:
    """One file in the archive; sizes in bytes. `offset` is where its local header lies in the file as it is."""

    name: str
    size: int
    compressed: int
    offset: int
    method: int
    encrypted: bool
    crc: int
    external_attributes: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")

    @property
    def is_link(self) -> bool:
        return (self.external_attributes >> 28) == 0xA  # S_IFLNK in the high half, as Info-ZIP writes it


@dataclass(slots=True)
class Zip:
    """An opened archive. `members` are those of the central directory, or, where it is unusable, of the local headers."""

    reader: Reader
    anomaly: Anomaly
    members: list[Member] = field(default_factory=list)
    shift: int = 0  # bytes in front of the archive
    bomb: bool = False  # it claims more than honest archives unpack to: do not read its members

    def open(self, member: Member) -> Reader:
        """The member's content, in place; a mark of encryption is told of, and not believed. Raises Unreadable."""
        header = self.reader.read(member.offset, _LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != LOCAL:
            self.anomaly("truncated", f"{member.name}: no local header where the directory says", member.offset)
            raise Unreadable(f"{member.name}: its local header is missing")
        names, extras = _LOCAL.unpack(header)[7:]
        start = member.offset + _LOCAL.size + names + extras
        self._compare(member, header, self.reader.read(member.offset + _LOCAL.size, names))
        return self._content(member, start)

    def _content(self, member: Member, start: int) -> Reader:
        if start + member.compressed > self.reader.size:
            self.anomaly("truncated", f"{member.name}: its data runs past the end of the file", start)
        if member.method == 0:
            return Window(self.reader, start, min(member.size, max(0, self.reader.size - start)))
        makers = {8: raw_deflate, 12: bzip2}
        if member.method not in makers:
            self.anomaly("method", f"{member.name}: compression method {member.method} is not read here", start)
            raise Unreadable(f"{member.name}: compression method {member.method} is not read here")
        return Inflated(self.reader, start, member.compressed, member.size, makers[member.method])

    def _compare(self, member: Member, header: bytes, raw: bytes) -> None:
        """Local header against central directory: two readers that trust different ones see different files."""
        flags, method, _time, _date, _crc, compressed, size, _n, _e = _LOCAL.unpack(header)
        name = _decode(raw, flags)
        if name != member.name:
            message = f"called {name!r} in its local header and {member.name!r} in the directory"
            self.anomaly("name-mismatch", message, member.offset)
        if method != member.method:
            self.anomaly("size-mismatch", f"{member.name}: two different compression methods", member.offset)
        stated = (compressed, size)
        if not flags & 8 and 0xFFFFFFFF not in stated and stated != (member.compressed, member.size):
            self.anomaly("size-mismatch", f"{member.name}: sizes differ between header and directory", member.offset)

    def check_crc(self, member: Member, content: Reader) -> bool:
        """Whether the content has the checksum that the directory says; tells of it where not. Streams the content."""
        crc = 0
        for block in blocks(content):
            crc = zlib.crc32(block, crc)
        if crc != member.crc:
            self.anomaly(
                "crc", f"{member.name}: the content has another checksum than the directory says", member.offset
            )
        return crc == member.crc


def open_zip(reader: Reader, anomaly: Anomaly) -> Zip:
    """Find the members. Raises Damaged where there are none to be found, Unreadable where bytes cannot be had."""
    archive = Zip(reader, anomaly)
    end = _end(reader)
    if end is None:
        anomaly("truncated", "no end-of-central-directory record; members were found by their local headers", None)
        archive.members = _recover(reader)
    else:
        _directory(archive, *end)
    if not archive.members and not (end and end[2] == 0):
        raise Damaged("no member could be found in this zip archive")
    _survey(archive)
    return archive


def _end(reader: Reader) -> tuple[int, int, int, int] | None:
    """(start of the directory, its size, number of entries, offset of the end record); None where there is none."""
    length = min(reader.size, 65_557)
    tail = reader.read(reader.size - length, length)
    at = tail.rfind(EOCD)
    if at < 0 or len(tail) - at < 22:
        return None
    here = reader.size - length + at
    entries, size, start = struct.unpack_from("<HII", tail, at + 10)
    if entries == 0xFFFF or size == 0xFFFFFFFF or start == 0xFFFFFFFF:
        wide = _end64(reader, here)
        if wide is not None:
            return (*wide, here)
    return start, size, entries, here


def _end64(reader: Reader, here: int) -> tuple[int, int, int] | None:
    """4.3.14, 4.3.15: the zip64 locator lies just before the end record."""
    locator = reader.read(max(0, here - 20), 20)
    if locator[:4] != b"PK\x06\x07":
        return None
    place = struct.unpack_from("<Q", locator, 8)[0]
    record = reader.read(place, 56)
    if record[:4] != b"PK\x06\x06" or len(record) < 56:
        return None
    entries, size, start = struct.unpack_from("<QQQ", record, 32)
    return start, size, entries


def _directory(archive: Zip, start: int, size: int, entries: int, end: int) -> None:
    reader, anomaly = archive.reader, archive.anomaly
    if size > DIRECTORY or entries > MEMBERS:
        message = f"a directory of {entries} entries in {size} bytes is more than is read here"
        anomaly("bomb", message, start)
        raise Damaged(message, start)
    raw = reader.read(start, size)
    if entries and raw[:4] != CENTRAL:
        raw = _shifted(archive, start, size, end)
    at = 0
    while at < len(raw) and raw[at : at + 4] == CENTRAL and len(archive.members) < MEMBERS:
        at = _entry(archive, raw, at)
    if len(archive.members) != entries & 0xFFFF and len(archive.members) != entries:
        anomaly("truncated", f"the directory says {entries} entries and holds {len(archive.members)}", start)


def _shifted(archive: Zip, start: int, size: int, end: int) -> bytes:
    """Bytes stand before the archive: its directory lies where the end record minus its size says (4.3.16 leaves it open)."""
    shift = end - size - start
    raw = archive.reader.read(end - size, size) if end >= size else b""
    if raw[:4] != CENTRAL:
        archive.anomaly("truncated", "no directory where the end record says", start)
        return b""
    archive.shift = shift
    archive.anomaly("prefix", f"{shift} bytes stand before the archive", 0)
    return raw


def _entry(archive: Zip, raw: bytes, at: int) -> int:
    """Read one directory entry at `at`; returns where the next one starts."""
    if len(raw) - at < _CENTRAL.size:
        archive.anomaly("truncated", "the directory ends in the middle of an entry", None)
        return len(raw)
    fields = _CENTRAL.unpack_from(raw, at)
    flags, method, _time, _date, crc, compressed, size, names, extras, comments = fields[:10]
    external, offset = fields[12], fields[13]
    body = at + _CENTRAL.size
    if 0xFFFFFFFF in (compressed, size, offset):
        extra = raw[body + names : body + names + extras]
        size, compressed, offset = _wide(extra, size, compressed, offset)
    name = _decode(raw[body : body + names], flags)
    member = Member(name, size, compressed, offset + archive.shift, method, bool(flags & 1), crc, external)
    archive.members.append(member)
    return int(body + names + extras + comments)


def _wide(extra: bytes, size: int, compressed: int, offset: int) -> tuple[int, int, int]:
    """4.5.3: the zip64 extra field holds, in this order, only those values that do not fit."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            values = iter(struct.unpack_from(f"<{min(length, len(extra) - at - 4) // 8}Q", extra, at + 4))
            size = next(values, size) if size == 0xFFFFFFFF else size
            compressed = next(values, compressed) if compressed == 0xFFFFFFFF else compressed
            return size, compressed, next(values, offset) if offset == 0xFFFFFFFF else offset
        at += 4 + length
    return size, compressed, offset


def _decode(raw: bytes, flags: int) -> str:
    """4.4.4 bit 11: UTF-8; else code page 437, of which ASCII is a part."""
    if raw.isascii():
        return raw.decode("ascii")
    return raw.decode("utf-8", "replace") if flags & 0x800 else raw.decode("cp437")


def _recover(reader: Reader) -> list[Member]:
    """Members by their local headers, for an archive whose end is missing: lenient loaders do the same."""
    members: list[Member] = []
    at = 0
    while len(members) < MEMBERS:
        header = reader.read(at, _LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != LOCAL:
            break
        flags, method, _time, _date, crc, compressed, size, names, extras = _LOCAL.unpack(header)
        name = _decode(reader.read(at + _LOCAL.size, names), flags)
        start = at + _LOCAL.size + names + extras
        if flags & 8:  # sizes stand behind the data (4.3.9): take all that is there, once
            compressed = size = reader.size - start
        members.append(Member(name, size, compressed, at, method, bool(flags & 1), crc, 0))
        at = start + compressed
    return members


def _survey(archive: Zip) -> None:
    """Look at all members together: names that repeat, ranges that overlap, sizes that only a bomb has."""
    seen: set[str] = set()
    for member in archive.members:
        if member.name in seen:
            archive.anomaly(
                "duplicate", f"{member.name!r} stands twice; loaders differ in which one they take", member.offset
            )
        seen.add(member.name)
        _survey_member(archive, member)
    _overlaps(archive)
    total = sum(member.size for member in archive.members)
    if total > LARGE and total > TOTAL_RATIO * archive.reader.size:
        archive.bomb = True
        archive.anomaly("bomb", f"{archive.reader.size} bytes that unpack to {total}", None)


def _survey_member(archive: Zip, member: Member) -> None:
    reason = unsafe(member.name)
    if reason is not None:
        archive.anomaly("unsafe-name", f"{member.name!r}: {reason}", member.offset)
    if member.is_link:
        archive.anomaly("symlink", f"{member.name!r} is a symbolic link", member.offset)
    if member.encrypted:
        archive.anomaly("encrypted", f"{member.name!r} is marked as encrypted", member.offset)
    if member.method == 0 and member.size != member.compressed:
        archive.anomaly("size-mismatch", f"{member.name!r} is stored, but its two sizes differ", member.offset)
    if member.method == 8 and member.size > RATIO * max(member.compressed, 1):
        archive.bomb = True
        archive.anomaly("bomb", f"{member.name!r} claims {member.size} bytes from {member.compressed}", member.offset)


def _overlaps(archive: Zip) -> None:
    """Fifield's better zip bomb lets members share their data; honest writers put one behind the other."""
    ends = 0
    for member in sorted(archive.members, key=lambda member: member.offset):
        if member.offset < ends:
            archive.anomaly("overlap", f"{member.name!r} lies inside another member", member.offset)
            return
        ends = member.offset + _LOCAL.size + member.compressed
    first = min((member.offset for member in archive.members), default=0)
    if first > 0 and archive.shift == 0 and archive.reader.read(0, 4) != LOCAL:
        archive.anomaly("prefix", f"{first} bytes stand before the archive's first member", 0)
