"""Archives found inside a release: every member is inspected in place, bounded in depth and number by the caller."""

from brightline.inspection.formats.anomaly import RULES, anomalies
from brightline.inspection.probe import Malformed, Probe
from brightline.inspection.recognition import suffix
from brightline.release.archive.damaged import Damaged
from brightline.release.archive.stream import open_stream
from brightline.release.archive.tar import open_tar
from brightline.release.archive.zip import Member, Zip, open_zip
from brightline.release.reader import Reader, Unreadable

__all__ = ["RULES", "inspect", "inspect_members"]


def inspect(reader: Reader, probe: Probe) -> None:
    """Zip, tar, or a compressed stream, by content."""
    try:
        if reader.read(0, 2) == b"PK":
            inspect_members(open_zip(reader, anomalies(probe)), probe)
        elif reader.read(257, 5) == b"ustar":
            _tar(reader, probe)
        else:
            _stream(reader, probe)
    except Damaged as trouble:
        raise Malformed(str(trouble), trouble.offset) from None


def inspect_members(archive: Zip, probe: Probe) -> None:
    """Every file of a zip archive; a wrong checksum is told, and the content judged all the same."""
    for member in archive.members if not archive.bomb else ():
        if not member.is_folder:
            _member(archive, member, probe)


def _member(archive: Zip, member: Member, probe: Probe) -> None:
    try:
        content = archive.open(member)
        probe.nested(member.name, content)
        archive.check_crc(member, content)
    except Unreadable as trouble:
        archive.anomaly("truncated", f"{member.name}: {trouble}", member.offset)


def _tar(reader: Reader, probe: Probe) -> None:
    archive = open_tar(reader, anomalies(probe))
    for member in archive.members:
        probe.nested(member.name, archive.open(member))


def _stream(reader: Reader, probe: Probe) -> None:
    name = probe.path.rsplit("/", 1)[-1]
    inner = name[: -len(suffix(name))] if suffix(name) else name
    content = open_stream(reader)
    probe.nested(f"{inner}.tar" if name.lower().endswith(".tgz") else inner, content)
