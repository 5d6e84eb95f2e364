"""What is odd about an archive, as findings: tools that trust different parts of it see different files."""

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import Probe
from brightline.release.archive.damaged import Anomaly

_SOURCES = "modelscan issue 354; CVE-2025-1944, CVE-2025-10156"


def _rule(name: str, severity: Severity, title: str, why: str, example: str, source: str = _SOURCES) -> Rule:
    return Rule(
        identity=f"ARCHIVE-{name}",
        severity=severity,
        title=title,
        why=why,
        remedy="Write the archive again with the framework's own save function, or release the files themselves.",
        example=example,
        source=source,
    )


_B, _R = Severity.BLOCK, Severity.REVIEW
_BY_CODE = {
    "crc": _rule("CHECKSUM", _B, "A member's checksum is wrong", "Strict scanners stop here and report nothing; PyTorch ignores the checksum and loads.", "data.pkl with a CRC that does not match."),
    "name-mismatch": _rule("NAME", _B, "A member has two names", "A scanner reads one file, the loader another.", "data.pkl in the directory, data.txt in the local header."),
    "size-mismatch": _rule("SIZE", _B, "A member has two sizes or methods", "A scanner and a loader see different bytes.", "Stored, with 100 bytes in the header and 200 in the directory."),
    "overlap": _rule("OVERLAP", _B, "Members share the same bytes", "A small archive unpacks to a vast one, and one byte has two meanings.", "Two entries whose local headers overlap.", "Fifield, A better zip bomb, WOOT 2019"),
    "prefix": _rule("PREFIX", _B, "Bytes stand before the archive", "A file can be an archive and something else at once.", "A shell script in front of a zip.", "APPNOTE.TXT 4.3.16"),
    "encrypted": _rule("ENCRYPTED", _B, "A member is marked as encrypted", "Scanners skip it; some loaders ignore the mark and load.", "Flag bit 0 set on data.pkl.", "CVE-2025-1945"),
    "duplicate": _rule("DUPLICATE", _B, "One name stands twice", "Tools differ in which of the two they take.", "Two members named data.pkl."),
    "bomb": _rule("BOMB", _B, "A decompression bomb", "It fills memory or disk of whoever opens it.", "42 kB that unpack to 4 GB.", "Fifield, A better zip bomb, WOOT 2019"),
    "truncated": _rule("TRUNCATED", _B, "The archive is cut or inconsistent", "What a strict reader refuses, a lenient one still opens.", "A zip without its end record.", "modelscan issue 354"),
    "unsafe-name": _rule("TRAVERSAL", _B, "A member's path leaves the archive", "Unpacking writes outside the folder.", "../../.bashrc", "CWE-22; Snyk, Zip Slip"),
    "symlink": _rule("LINK", _R, "A member is a link or a device", "Unpacking it can redirect later writes.", "A symbolic link to /etc.", "CVE-2007-4559"),
    "method": _rule("METHOD", _R, "A compression that is not read here", "What was not read was not judged.", "A member compressed with a rare method.", "APPNOTE.TXT 4.4.5"),
}  # fmt: skip
RULES = tuple(_BY_CODE.values())


def anomalies(probe: Probe) -> Anomaly:
    """A callback for open_zip and open_tar that writes findings into `probe`."""

    def tell(code: str, message: str, offset: int | None) -> None:
        probe.find(_BY_CODE[code], message, offset)

    return tell


def rule_of(code: str) -> Rule:
    """The rule of an anomaly's code."""
    return _BY_CODE[code]
