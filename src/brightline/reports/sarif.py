"""Findings as SARIF 2.1.0, for code-scanning pages.

Source: OASIS SARIF 2.1.0; section numbers stand beside what they explain.
"""

from typing import Any

from brightline import __version__
from brightline.inspection.finding import Finding, Rule, Severity
from brightline.inspection.report import Inspection

_LEVELS = {Severity.INFO: "note", Severity.REVIEW: "warning", Severity.BLOCK: "error"}  # 3.27.10


def sarif_document(inspection: Inspection) -> dict[str, Any]:
    """One run with the rules that were met and a result for each finding."""
    rules = {finding.rule.identity: finding.rule for finding in inspection.findings}
    order = sorted(rules)
    driver = {
        "name": "brightline",
        "version": __version__,
        "rules": [_rule(rules[identity]) for identity in order],
    }
    results = [_result(finding, order.index(finding.rule.identity)) for finding in inspection.findings]
    run = {
        "tool": {"driver": driver},
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": {"verdict": inspection.clearance.value, "manifestDigest": inspection.manifest.digest},
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    """3.49, reportingDescriptor."""
    return {
        "id": rule.identity,
        "name": "".join(part.capitalize() for part in rule.identity.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.remedy}\n\nExample: {rule.example}\n\nSource: {rule.source}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"severity": rule.severity.value, "tags": ["security"]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    """3.27; a place inside an archive keeps its path behind `!/` in the message, since SARIF's URIs name files."""
    outer, _, inner = finding.path.partition("!/")
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(outer)}}
    if finding.offset is not None and not inner and finding.offset >= 0:
        place["region"] = {"byteOffset": finding.offset}
    where = f" (in {inner})" if inner else ""
    return {
        "ruleId": finding.rule.identity,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.rule.title}: {finding.message}{where}. {finding.rule.remedy}"},
        "locations": [{"physicalLocation": place}],
        "properties": {"severity": finding.severity.value},
    }


_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def _uri(path: str) -> str:
    """A path as a relative URI reference: everything but unreserved characters and `/` is escaped (RFC 3986, 2.1)."""
    raw = path.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw)
