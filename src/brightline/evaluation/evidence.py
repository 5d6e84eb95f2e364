"""A measured claim about what a model can do or how hard its guardrails hold. docs/reference/evidence.md is its page."""

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from brightline.evaluation.record import Record
from brightline.release.quantity import Interval, Provenance

SCHEMA = "brightline/evidence/v1"
ELICITATIONS = (
    "none",
    "prompt",
    "best-of-n",
    "tools",
    "helpful-only",
    "refusals-removed",
    "malicious-fine-tune",
)
SAFEGUARDS = ("on", "off")
INDEPENDENCE = ("self", "contracted", "independent", "authority")


@dataclass(frozen=True, slots=True)
class Elicitation:
    """How hard the model was pushed, and with what budget. None: not stated."""

    level: str  # one of ELICITATIONS
    usd: float | None = None
    gpu_hours: float | None = None
    queries: int | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Which questions were asked. `items` are digests of the very items; `order` commits to their order beforehand."""

    identity: str
    version: str
    bank_size: int | None = None
    items: tuple[str, ...] = ()
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece. `interval` holds the truth as its method claims, at the error rate `alpha`; it never narrows by being read.

    `n` items were asked, `k` of them counted. `subject` is the manifest digest it speaks of, `lineage` and `submission` say
    how often this line of models was tried before. It may be used from `issued` to `expiry`, both included.
    """

    domain: str
    quantity: str
    unit: str
    interval: Interval
    elicitation: Elicitation
    safeguards: str  # "on" or "off": whether the guardrails were in the way
    provenance: Provenance
    evaluator: str
    method: str
    issued: date
    expiry: date
    estimate: float | None = None
    n: int | None = None
    k: int | None = None
    alpha: float | None = None
    layers: tuple[str, ...] = ()  # the safeguards by name
    baseline: str | None = None  # what uplift is counted from: tools of 2021, models of 2023, ...
    severity_floor: str | None = None  # the least harm that counts
    independence: str = "self"
    benchmark: Benchmark | None = None
    log_digest: str | None = None
    subject: str | None = None
    lineage: str | None = None
    submission: int | None = None

    @property
    def identity(self) -> str:
        """How a line asks for it: "cyber/uplift"."""
        return f"{self.domain}/{self.quantity}"

    @property
    def bound(self) -> Interval:
        """What may be concluded: without elicitation a model shows less than it can, so the upper end does not count."""
        return Interval(self.interval.low, math.inf) if self.elicitation.level == "none" else self.interval


class Inadmissible(ValueError):
    """The text is no evidence. Each of `problems` is a sentence that says where and what."""

    def __init__(self, problems: Collection[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def parse_evidence(text: str, where: str) -> tuple[Evidence, ...]:
    """Evidence from JSON: one object, or a list of them. `where` names the text in refusals. Raises Inadmissible."""
    try:
        document = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as fault:
        raise Inadmissible([f"{where}: this is no JSON ({str(fault) or 'nested too deeply'})"]) from None
    pieces = document if isinstance(document, list) else [document]
    read: list[Evidence] = []
    problems: list[str] = []
    for position, piece in enumerate(pieces):
        record = Record(piece, f"{where}[{position}]" if isinstance(document, list) else where, problems)
        read.append(_piece(record))
    if problems:
        raise Inadmissible(problems)
    return tuple(read)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number; write null for an end without a bound")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Who reads the first of two figures under one key, and who reads the last, would sign for different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _piece(record: Record) -> Evidence:
    record.choice("schema", (SCHEMA,))
    unit = record.required("unit")
    low, high = (0.0, 1.0) if unit == "fraction" else (-math.inf, math.inf)
    conditions = record.within("conditions")
    evidence = Evidence(
        domain=_word(record, "domain"),
        quantity=_word(record, "quantity"),
        unit=unit,
        interval=record.interval("interval", low, high),
        elicitation=_elicitation(conditions),
        safeguards=conditions.choice("safeguards", SAFEGUARDS),
        provenance=_provenance(record),
        evaluator=record.required("evaluator"),
        method=record.required("method"),
        issued=record.day("date"),
        expiry=record.day("expiry"),
        estimate=record.number("estimate", low, high),
        n=record.count("n"),
        k=record.count("k"),
        alpha=record.number("alpha", 0, 1),
        layers=conditions.texts("layers"),
        baseline=record.text("baseline"),
        severity_floor=record.text("severity_floor"),
        independence=record.choice("independence", INDEPENDENCE, "self"),
        benchmark=_benchmark(record),
        log_digest=record.digest("log_digest"),
        subject=record.digest("subject"),
        lineage=record.text("lineage"),
        submission=record.count("submission"),
    )
    conditions.finish()
    record.finish()
    _cross_check(evidence, record)
    return evidence


def _word(record: Record, key: str) -> str:
    """A domain or a quantity: together they are the name by which a line asks for the evidence."""
    word = record.required(key)
    if "/" in word or word != word.strip():
        record.note(key, f"no slash and no space around it, not {word!r}")
    return word


def _provenance(record: Record) -> Provenance:
    """Evidence is never assumed."""
    known = [provenance.value for provenance in Provenance if provenance is not Provenance.ASSUMED]
    value = record.choice("provenance", known)
    return Provenance(value) if value in known else Provenance.DECLARED


def _elicitation(conditions: Record) -> Elicitation:
    record = conditions.within("elicitation")
    elicitation = Elicitation(
        level=record.choice("level", ELICITATIONS),
        usd=record.number("usd", 0),
        gpu_hours=record.number("gpu_hours", 0),
        queries=record.count("queries"),
    )
    record.finish()
    return elicitation


def _benchmark(evidence: Record) -> Benchmark | None:
    if not evidence.has("benchmark"):
        return None
    record = evidence.within("benchmark")
    benchmark = Benchmark(
        identity=record.required("id"),
        version=record.required("version"),
        bank_size=record.count("bank_size"),
        items=record.texts("items"),
        order=record.digest("order"),
    )
    record.finish()
    return benchmark


def _cross_check(evidence: Evidence, record: Record) -> None:
    """What two fields say together."""
    if evidence.k is not None and (evidence.n is None or evidence.k > evidence.n):
        record.note("k", "of n items at most n count: n is required beside k, and not smaller")
    if evidence.estimate is not None and not evidence.interval.contains(Interval.point(evidence.estimate)):
        record.note("estimate", "it lies outside the interval")
    if evidence.expiry < evidence.issued:
        record.note("expiry", "it lies before the date of the evidence")
