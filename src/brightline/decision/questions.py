"""For each doubt that matters: what is not known, and what would settle it."""

import math

from brightline.decision.determination import OpenQuestion, Verdict
from brightline.decision.expression import Comparison, EvidenceTerm, Expression, evidence_terms, names
from brightline.decision.interpretation import doubts, quantity, verdict
from brightline.decision.line import Criterion
from brightline.decision.phrases import figure, number, written
from brightline.decision.standing import Grounds
from brightline.decision.vocabulary import VOCABULARY

# questions without a single hit that certify "below", anytime valid at 2.5 %: exact, by dynamic programming
CERTIFYING = {0.10: 37, 0.05: 74, 0.02: 185, 0.01: 369}


def open_question(criterion: Criterion, grounds: Grounds) -> OpenQuestion:
    """The question that a doubtful criterion leaves."""
    parts = list(doubts(criterion.when, grounds.known))
    settling = dict.fromkeys(sentence for part in parts for sentence in _settling(part, criterion, grounds))
    asked = criterion.question or f"{criterion.title}?"
    return OpenQuestion(criterion.identity, asked, "; ".join(settling))


def _settling(part: Expression, criterion: Criterion, grounds: Grounds) -> list[str]:
    """What would decide one doubtful condition."""
    if verdict(part, grounds.known) is Verdict.STRADDLES:
        return [_narrowing(part, criterion, grounds)]
    wanted = [VOCABULARY[name].settle for name in names(part) if name in grounds.lacking]
    wanted = [_accepted(sentence, criterion) for sentence in wanted]
    wanted += [
        _showing(identity, part, criterion, grounds) for identity in evidence_terms(part) if identity in grounds.lacking
    ]
    return wanted or [f"narrow {written(part)}: the divisor may be 0"]


def _accepted(sentence: str, criterion: Criterion) -> str:
    """Where a declared figure does not count, say whose would."""
    if sentence.startswith("declare") and "declared" not in criterion.accepts:
        return f"{sentence}, {' or '.join(sorted(criterion.accepts))} (a declared figure does not count here)"
    return sentence


def _narrowing(part: Expression, criterion: Criterion, grounds: Grounds) -> str:
    if not isinstance(part, Comparison):
        return f"state which it is: {written(part)}"
    left, right = (quantity(side, grounds.known) for side in (part.left, part.right))
    moving, fixed, now = part.left, part.right, left
    if left is not None and left.exact:
        moving, fixed, now = part.right, part.left, right
    current = f", now {figure(now, str(criterion.unit))}," if now is not None else ""
    return f"narrow {written(moving)}{current} to one side of {written(fixed)}"


def _showing(identity: str, part: Expression, criterion: Criterion, grounds: Grounds) -> str:
    if grounds.lacking[identity].endswith("contradicts itself"):
        return f"resolve the evidence of {identity}: {grounds.lacking[identity].removesuffix(' contradicts itself')} contradict one another"
    conditions = "".join(f", {key.replace('_', ' ')} {value}" for key, value in sorted(criterion.requires.items()))
    return f"show evidence of {identity}{_items(identity, part, grounds)}{conditions}, elicited and not expired"


def _items(identity: str, part: Expression, grounds: Grounds) -> str:
    """How many items could decide, for a share; else only where the interval has to lie."""
    if not isinstance(part, Comparison):
        return ""
    other = part.right if part.left == EvidenceTerm(identity) else part.left
    threshold = quantity(other, grounds.known)
    if threshold is None or not threshold.exact:
        return f" on one side of {written(other)}"
    if "fraction" in written(other) and 0 < threshold.low < 1:
        return f" with at least {certifying(threshold.low)} items (no hit among them shows that it is below {number(threshold.low)})"
    return f" whose interval lies on one side of {written(other)}"


def certifying(share: float) -> int:
    """Items that, without a hit, show a rate below `share` at 2.5 %: the exact figure where it is known, else 2 more than a fixed test."""
    return CERTIFYING.get(share) or math.ceil(math.log(0.025) / math.log1p(-share)) + 2
