"""Tar archives read in place: ustar, GNU long names, pax (POSIX.1-2001)."""

from dataclasses import dataclass, field

from brightline.release.archive.damaged import Anomaly, Damaged, unsafe
from brightline.release.reader import Reader, Window

RECORD = 512
MEMBERS = 50_000
HEADER_BODY = 1 << 20  # a long name or a pax header; honest ones are some hundred bytes
_KINDS = {b"1": "hard link", b"2": "symbolic link", b"3": "character device", b"4": "block device", b"6": "FIFO"}


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in the archive. `offset` is where its content starts."""

    name: str
    size: int
    offset: int


@dataclass(slots=True)
class Tar:
    reader: Reader
    members: list[Member] = field(default_factory=list)

    def open(self, member: Member) -> Reader:
        return Window(self.reader, member.offset, member.size)


def open_tar(reader: Reader, anomaly: Anomaly) -> Tar:
    """Find the members. Raises Damaged where there is none."""
    archive = Tar(reader)
    at, name, size = 0, None, None
    while at + RECORD <= reader.size and len(archive.members) < MEMBERS:
        header = reader.read(at, RECORD)
        if not header.strip(b"\x00"):
            break
        if not _checked(header):
            anomaly("truncated", "a header whose checksum is wrong", at)
            break
        length = size if size is not None else _number(header[124:136])
        start, kind = at + RECORD, header[156:157]
        if start + length > reader.size:
            anomaly("truncated", f"a member of {length} bytes runs past the end of the archive", at)
        if kind in (b"L", b"x", b"g", b"K"):
            name, size = _extension(reader, kind, start, length, name, size)
        else:
            _member(archive, anomaly, header, name, start, length, at)
            name, size = None, None
        at = start + (length + RECORD - 1) // RECORD * RECORD
    if not archive.members:
        raise Damaged("no file could be found in this tar archive")
    return archive


def _member(archive: Tar, anomaly: Anomaly, header: bytes, name: str | None, start: int, length: int, at: int) -> None:
    kind = header[156:157]
    path = (name if name is not None else _name(header)).removeprefix("./")
    if kind in _KINDS:
        anomaly("symlink", f"{path!r} is a {_KINDS[kind]}", at)
    elif kind == b"S":
        anomaly("method", f"{path!r} is a sparse file, which is not read here", at)
    elif kind in (b"0", b"\x00", b"7"):
        reason = unsafe(path)
        if reason is not None:
            anomaly("unsafe-name", f"{path!r}: {reason}", at)
        if any(member.name == path for member in archive.members[-64:]):
            anomaly("duplicate", f"{path!r} stands twice; the later one wins when it is unpacked", at)
        archive.members.append(Member(path, max(0, min(length, archive.reader.size - start)), start))


def _extension(
    reader: Reader, kind: bytes, start: int, length: int, name: str | None, size: int | None
) -> tuple[str | None, int | None]:
    """A GNU long name or a pax header speaks about the member that follows."""
    if length > HEADER_BODY:
        raise Damaged(f"a name of {length} bytes", start)
    body = reader.read(start, length)
    if kind == b"L":
        return body.split(b"\x00")[0].decode("utf-8", "replace"), size
    if kind == b"x":
        pairs = _pax(body)
        stated = pairs.get("size", "")
        return pairs.get("path", name), int(stated) if stated.isdigit() else size
    return name, size


def _pax(body: bytes) -> dict[str, str]:
    """Records of length, key and value (POSIX.1-2001, pax Extended Header)."""
    pairs, at = {}, 0
    while at < len(body):
        digits, _, _ = body[at : at + 12].partition(b" ")
        if not digits.isdigit() or int(digits) <= len(digits):
            break
        key, _, value = body[at + len(digits) + 1 : at + int(digits) - 1].partition(b"=")
        pairs[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        at += int(digits)
    return pairs


def _name(header: bytes) -> str:
    name = header[:100].split(b"\x00")[0].decode("utf-8", "replace")
    prefix = header[345:500].split(b"\x00")[0].decode("utf-8", "replace") if header[257:262] == b"ustar" else ""
    return f"{prefix}/{name}" if prefix and header[257:265] == b"ustar\x0000" else name


def _number(field_: bytes) -> int:
    """Octal text, or, with the top bit set, a big-endian number (GNU)."""
    if field_[0] & 0x80:
        return int.from_bytes(field_[1:], "big")
    text = field_.strip(b" \x00")
    if not text:
        return 0
    try:
        return int(text, 8)
    except ValueError:
        raise Damaged("a size that is no octal number") from None


def _checked(header: bytes) -> bool:
    try:
        stated = int(header[148:156].strip(b" \x00") or b"0", 8)
    except ValueError:
        return False
    return stated == sum(header[:148]) + 8 * 0x20 + sum(header[156:])
