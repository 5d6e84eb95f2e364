"""Bytes that were lent: had only as far as the word about them, where they come from, still allows it (Laws 3 and 8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brightline.enforcement.access import Denial, Phase, Reason, refused
from brightline.enforcement.judging import judge, revoked
from brightline.release.component import Component
from brightline.storage.repositories.lending import Loan
from brightline.storage.repositories.listings import Filed

if TYPE_CHECKING:
    from brightline.assembly.hosting.sight.looking import Look

CHAIN = 8  # loans of loans that are followed; what comes from further away waits for its own determination
Lent = Callable[[Filed], Denial | None]


def none_lent(_filed: Filed) -> Denial | None:
    """Of a repository whose bytes were all sent into it."""
    return None


def lent(look: "Look", phase: Phase, depth: int = 0) -> Lent:
    """Why a file of a repository, in this phase, is refused on the lender's side; asked for all lenders at once."""
    rows: list[tuple[Mapping[str, set[Component]], Mapping[Component, Denial | None], Lent]] = []
    for loan in look.glance.loans:
        asked = _Asked(look, loan, phase, depth)
        denials = {part: asked.denial(part) for part in Component}
        deeper = asked.deeper()
        if any(denials.values()) or deeper is not none_lent:
            rows.append((_components(look, loan), denials, deeper))

    def ask(filed: Filed) -> Denial | None:
        """What hides goes first here as well."""
        found: list[Denial | None] = []
        for files, denials, deeper in rows:
            parts = files.get(filed.stored.sha256, set())
            found += [denials[part] for part in parts] + ([deeper(filed)] if parts else [])
        told = [denial for denial in found if denial is not None]
        return next((denial for denial in told if denial.hidden), told[0] if told else None)

    return ask if rows else none_lent


def _components(look: "Look", loan: Loan) -> dict[str, set[Component]]:
    """Of each digest, as what it was lent: under another path it is no other file."""
    found: dict[str, set[Component]] = {}
    for filed in look.shelving.listing(look.connection, loan.files).values():
        found.setdefault(filed.stored.sha256, set()).add(filed.component)
    return found


@dataclass
class _Asked:
    """One loan, and who asks. A recall and an order hold wherever the bytes went. Until something is decided about the
    borrower's own release, it has no more than what the caller has at the lender's.
    """

    look: "Look"
    loan: Loan
    phase: Phase
    depth: int

    def __post_init__(self) -> None:
        shelving, connection = self.look.shelving, self.look.connection
        self._at = shelving.office.clock()
        self._cases, self._orders = shelving.known(connection, self.loan.manifest, self.look.glance.log)
        found = shelving.marked(connection, self.look.account, self.loan.source) if self._waits else None
        self._source = found if found and found.visible else None

    @property
    def _waits(self) -> bool:
        return self.phase is Phase.QUARANTINE and bool(self.loan.source)

    def denial(self, part: Component) -> Denial | None:
        """What the lender hides stays hidden, whatever was ordered or ended besides."""
        lenders = self._lenders(part) if self._waits else None
        return lenders if lenders is not None and lenders.hidden else self._held(part) or lenders

    def _held(self, part: Component) -> Denial | None:
        """By a recall or an order, which hold wherever the bytes went."""
        for ordered in self._orders:
            if ordered.bars(part, self.look.caller.attributes, self._at):
                said = f"order {ordered.order.number} bars {ordered.order.callers} from the {part}"
                return Denial(Reason.ORDER, f"{said}: {ordered.order.reason}")
        ended = revoked(self._cases, self._at)
        if ended is not None and part is not Component.DOCUMENTATION:
            said = f"these bytes come from a release whose permit, of case {ended.number}, is {ended.state}"
            return Denial(Reason.CLOSED, said)
        return None

    def _lenders(self, part: Component) -> Denial | None:
        if self._source is None or self.depth >= CHAIN:
            said = "these bytes were copied from where you have them no more, and nothing was decided about the copy"
            return Denial(Reason.CLOSED, said)
        judged = judge(self._cases, self._orders, self._at, self.loan.owner)
        return refused(part, judged, self._source.caller, self._at)

    def deeper(self) -> Lent:
        """What the lender itself has from others."""
        if self._source is None or self.depth >= CHAIN:
            return none_lent
        phase = judge(self._cases, self._orders, self._at, self.loan.owner).phase
        return lent(self._source, phase, self.depth + 1)
