"""One caller's look at one repository: what is there for it follows from a glance and from the rules of enforcement."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from brightline.assembly.hosting.sight.lending import Lent, lent, none_lent
from brightline.assembly.hosting.sight.proposals import proposal_at
from brightline.enforcement.access import Caller, Denial, Judged, Phase, refused
from brightline.enforcement.branches import MAIN, Branches
from brightline.hub.host import Account, Turned
from brightline.permit.charter import Role
from brightline.release.component import Component
from brightline.release.repository import COMMIT, HEADS, TAGS
from brightline.storage.repositories import origins, shelf
from brightline.storage.repositories.attributes import ACCOUNT
from brightline.storage.repositories.glances import Glance
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import Repo, Revision

if TYPE_CHECKING:
    from brightline.assembly.hosting.sight.shelving import Shelving

SHORT = re.compile(r"[0-9a-f]{7,39}")  # the beginning of a commit


@dataclass(frozen=True, slots=True)
class Seen:
    """A revision as one caller sees it."""

    repo: Repo
    revision: Revision
    judged: Judged
    caller: Caller
    at: datetime
    lent: Lent = none_lent
    fork: Repo | None = None  # where a proposal is kept

    @property
    def kept(self) -> Repo:
        """Whose commits it is one of."""
        return self.fork or self.repo

    def denial(self, filed: Filed) -> Denial | None:
        """What hides goes before what explains; what was lent is had as long as its lender's word allows it, too."""
        denial = refused(filed.component, self.judged, self.caller, self.at)
        if self.caller.examiner or (denial is not None and denial.hidden):
            return denial
        return self.lent(filed) or denial

    def hidden(self) -> frozenset[Component]:
        """What is withheld is not even listed to strangers."""
        denials = ((part, refused(part, self.judged, self.caller, self.at)) for part in Component)
        return frozenset(part for part, denial in denials if denial is not None and denial.hidden)

    def listed(self, files: Sequence[Filed]) -> list[Filed]:
        hidden = self.hidden()
        shown = [filed for filed in files if filed.component not in hidden]
        return shown if self.lent is none_lent else [filed for filed in shown if not _hides(self.denial(filed))]


@dataclass(frozen=True)
class Look:
    """Within one transaction."""

    shelving: "Shelving"
    connection: Connection
    account: Account | None
    glance: Glance

    @property
    def repo(self) -> Repo:
        return self.glance.repo

    @cached_property
    def caller(self) -> Caller:
        account, glance = self.account, self.glance
        if account is None:
            return Caller()
        return Caller(
            name=account.name,
            owner=glance.repo.owner == account.name,
            examiner=self.shelving.view(self.connection, glance.log).newest.holds(account.name, Role.EXAMINER),
            accepted=glance.accepted,
            vetted_until=glance.vetted_until,
            attributes={**account.attributes, ACCOUNT: account.name},
        )

    @property
    def inside(self) -> bool:
        """Owners and examiners see what is undecided, too."""
        return self.caller.owner or self.caller.examiner

    @property
    def visible(self) -> bool:
        """What an account accepted by itself, while the repository was public, opens nothing that is private now."""
        if self.inside:
            return True
        until = self.caller.vetted_until
        vetted = until is not None and self.shelving.office.clock() < until
        if self.repo.private and not vetted and not self.glance.granted:
            return False
        return self._branches.any()

    @property
    def refs(self) -> Mapping[str, str]:
        """Full names, and the commit that each is for this caller."""
        return self.glance.refs if self.inside else self._branches.shown()

    @cached_property
    def _branches(self) -> Branches:
        """As strangers see them."""
        heads = self.glance.refs if self.glance.published else {}
        return Branches(heads, lambda oid: self.shelving.lineage(self.connection, self.glance, oid), self._decided)

    def _decided(self, manifest: str) -> bool:
        """What no permit was ever published about is not."""
        return manifest in self.glance.published and self.judged(manifest).phase is not Phase.QUARANTINE

    def judged(self, manifest: str) -> Judged:
        """What was decided of bytes that lie here."""
        return self.shelving.judged(self.connection, self.repo, manifest, self.glance.log)

    def seen(self, wanted: str) -> Seen:
        """A branch, a tag or a commit. To strangers a branch is where its last decided revision is. Raises Turned."""
        found, at = self._meant(wanted), self.shelving.office.clock()
        judged = None if found is None else self.judged(found.manifest)
        if found is not None and judged is not None and (judged.phase is not Phase.QUARANTINE or self.inside):
            return Seen(self.repo, found, judged, self.caller, at, self._lent(judged.phase))
        proposed = proposal_at(self.connection, self.account, self.repo, wanted, inside=self.inside)
        if proposed is None:
            raise Turned(404, f"{self.repo.name} has no revision {wanted[:100]} that you may see.", "RevisionNotFound")
        fork, revision = proposed
        loans = lent(self.shelving.at(self.connection, self.account, fork), Phase.QUARANTINE)
        caller = replace(self.caller, owner=True)
        return Seen(self.repo, revision, self._proposed(revision), caller, at, loans, fork)

    def _lent(self, phase: Phase) -> Lent:
        if phase not in self._lenders:
            self._lenders[phase] = lent(self, phase)
        return self._lenders[phase]

    @cached_property
    def _lenders(self) -> dict[Phase, Lent]:
        """What was asked of them, by the phase of the borrower's revision."""
        return {}

    def older(self, seen: Seen, one: Revision) -> Seen:
        """One of its history, under what was decided of that one; a proposal's own commits are seen as the proposal is."""
        if seen.fork is not None and shelf.read_revision(self.connection, seen.fork, one.oid) is not None:
            return replace(seen, revision=one)
        judged = self.judged(one.manifest)
        return Seen(self.repo, one, judged, self.caller, seen.at, self._lent(judged.phase))

    def _proposed(self, revision: Revision) -> Judged:
        """Nothing is granted by a proposal; but what was ordered or ended about the same bytes holds in it, too (Law 8)."""
        known = self.judged(revision.manifest)
        return known if known.phase is Phase.CLOSED else Judged(Phase.QUARANTINE, orders=known.orders)

    def _meant(self, wanted: str) -> Revision | None:
        """The revision that has this name, this commit or the beginning of one; or that was imported as such a commit."""
        oid: str | None = wanted
        if COMMIT.fullmatch(wanted) is None:
            oid = self._named(wanted)
            if oid is None and SHORT.fullmatch(wanted) is not None:
                oid = self._begun(wanted)
        if oid is None:
            return None
        trunk = self.glance.trunk
        if trunk is not None and trunk.oid == oid:
            return trunk
        return shelf.read_revision(self.connection, self.repo, oid) or self._imported(oid)

    def _named(self, wanted: str) -> str | None:
        """Where a branch or a tag is; main, which nearly everybody asks for, without a look at the others."""
        if not self.inside and wanted in ("main", MAIN):
            return self._branches.newest(MAIN)
        refs = self.refs
        return next((refs[name] for name in (wanted, HEADS + wanted, TAGS + wanted) if name in refs), None)

    def _begun(self, start: str) -> str | None:
        """The one commit that the caller may see and that begins so."""
        found = [
            one.oid
            for one in shelf.beginning(self.connection, self.repo, start)
            if self.inside or self.judged(one.manifest).phase is not Phase.QUARANTINE
        ]
        return found[0] if len(found) == 1 else None

    def _imported(self, commit: str) -> Revision | None:
        """A commit of the hub that it was imported from: who pins one there gets what became of it here."""
        oid = origins.became(self.connection, self.repo, commit)
        return None if oid is None else shelf.read_revision(self.connection, self.repo, oid)

    def history(self, seen: Seen) -> Iterator[Revision]:
        """From a revision on, what the caller may see of what it grew out of; a proposal's own commits come first."""
        own = list(shelf.history(self.connection, seen.kept, seen.revision.oid)) if seen.fork else []
        yield from own
        for one in shelf.history(self.connection, self.repo, own[-1].commit.parent if own else seen.revision.oid):
            if self.inside or self.judged(one.manifest).phase is not Phase.QUARANTINE:
                yield one


def _hides(denial: Denial | None) -> bool:
    return denial is not None and denial.hidden
