"""The charter: the signed root of trust. Rotated as a TUF root is: by the old threshold and by the new one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any
from unicodedata import normalize

from brightline.permit.envelope import CHARTER_TYPE, Envelope, read_envelope
from brightline.permit.key import ED25519, Key
from brightline.permit.notation import Illegible, canonical, moment, natural, only, read_object, take, texts, written

SCHEMA = "brightline/charter/v1"
CHAIN_SCHEMA = "brightline/charters/v1"
CENTURY = 100 * 366 * 86_400  # seconds
VERSIONS = 1_000  # of one chain
_FIGURES = (
    "reversible",
    "irreversible",
    "witnesses",
    "delay",
    "freshness",
    "hearing_days",
    "appeal_days",
    "review_days",
)


class Role(StrEnum):
    OFFICER = "officer"  # accepts, drafts, publishes, orders, revokes
    APPROVER = "approver"  # signs permits and charters
    EXAMINER = "examiner"
    APPEALS = "appeals"
    LOG = "log"  # signs checkpoints and standings
    WITNESS = "witness"  # cosigns checkpoints


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or a machine: the keys and the roles it holds, and who else it belongs to."""

    roles: frozenset[Role]
    keys: tuple[Key, ...]
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Charter:
    """Thresholds count holders, never keys. Delay and freshness are in seconds."""

    office: str  # also the origin of the log
    version: int
    issued: datetime
    holders: Mapping[str, Holder]
    reversible: int  # approvers for what can be undone
    irreversible: int  # approvers for what cannot: two at the least (Law 4)
    witnesses: int  # cosignatures that a proof needs
    delay: int  # between publication and effect of what cannot be undone
    freshness: int  # how old a standing may be
    hearing_days: int
    appeal_days: int
    review_days: int  # the clock of a case

    def keys(self, role: Role) -> dict[str, Key]:
        return {key.keyid: key for holder in self.holders.values() if role in holder.roles for key in holder.keys}

    def holder_of(self, keyid: str) -> str | None:
        names = [name for name, holder in self.holders.items() if keyid in {key.keyid for key in holder.keys}]
        return names[0] if names else None

    def holds(self, name: str, role: Role) -> bool:
        return name in self.holders and role in self.holders[name].roles

    def signed_by(self, envelope: Envelope, role: Role) -> frozenset[str]:
        """The holders of a role whose signature on the envelope is good."""
        good = envelope.signers(self.keys(role))
        return frozenset(name for name in map(self.holder_of, good) if name is not None)

    def strangers(self, names: Collection[str], parties: Collection[str]) -> frozenset[str]:
        """Those of the holders who are none of the parties, and belong to none of them."""
        barred = set(map(folded, parties))
        return frozenset(
            name for name in names if not barred & set(map(folded, (name, *self.holders[name].affiliations)))
        )

    def document(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "office": self.office,
            "version": self.version,
            "issued": written(self.issued),
            "holders": {name: _holder_document(holder) for name, holder in self.holders.items()},
            **{name: getattr(self, name) for name in _FIGURES},
        }

    def envelope(self) -> Envelope:
        """Unsigned."""
        return Envelope(CHARTER_TYPE, canonical(self.document()))


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """A name without case and in one spelling: two that a person reads alike are alike (Unicode 15, section 3.13)."""
    return normalize("NFKC", normalize("NFKC", name).casefold()).strip()


def _holder_document(holder: Holder) -> dict[str, Any]:
    return {
        "roles": sorted(role.value for role in holder.roles),
        "keys": [key.document() for key in holder.keys],
        "affiliations": list(holder.affiliations),
    }


def read_charter(payload: bytes) -> Charter:
    """Raises Illegible, also where nobody could ever act under it."""
    document = read_object(payload, "the charter")
    only(document, "schema", "office", "version", "issued", "holders", *_FIGURES)
    if document.get("schema") != SCHEMA:
        raise Illegible(f"this charter is of {str(document.get('schema'))[:60]!r}; this brightline reads {SCHEMA}")
    charter = Charter(
        office=_office(take(document, "office", str)),
        version=natural(document, "version", 1),
        issued=moment(document, "issued"),
        holders={name: _holder(row) for name, row in take(document, "holders", dict).items()},
        **{name: natural(document, name) for name in _FIGURES},
    )
    _check(charter)
    return charter


def _office(name: str) -> str:
    if not name or len(name) > 200 or not name.isascii() or not name.isprintable() or set(name) & set(" +\\\"'<>"):
        raise Illegible("an office's name is printable ASCII without spaces, + and quotes: example.org/office")
    return name


def _holder(row: Any) -> Holder:
    if not isinstance(row, dict):
        raise Illegible("a holder should be an object")
    only(row, "roles", "keys", "affiliations")
    try:
        roles = frozenset(Role(word) for word in texts(row, "roles"))
    except ValueError:
        raise Illegible(f"a role is one of {', '.join(Role)}") from None
    keys = tuple(Key.read(key) if isinstance(key, dict) else Key.read({}) for key in take(row, "keys", list))
    return Holder(roles, keys, texts(row, "affiliations"))


def _check(charter: Charter) -> None:
    keys = [key for holder in charter.holders.values() for key in holder.keys]
    count = {
        role: sum(1 for holder in charter.holders.values() if role in holder.roles and holder.keys) for role in Role
    }
    log = charter.keys(Role.LOG).values()
    rules = (
        (len({key.keyid for key in keys}) == len(keys), "a key stands twice: each belongs to one holder"),
        (len(set(map(folded, charter.holders))) == len(charter.holders), "two holders have the same name"),
        (charter.reversible >= 1, "the reversible threshold is at least 1"),
        (charter.irreversible >= max(2, charter.reversible), "what cannot be undone takes at least two people"),
        (count[Role.APPROVER] >= charter.irreversible, "there are fewer approvers than the threshold asks for"),
        (count[Role.OFFICER] >= 1, "there is no officer"),
        (len(log) == 1 and all(key.scheme == ED25519 for key in log), "the log has exactly one Ed25519 key"),
        (count[Role.WITNESS] >= charter.witnesses, "there are fewer witnesses than cosignatures asked for"),
        (all(key.scheme == ED25519 for key in charter.keys(Role.WITNESS).values()), "a witness has an Ed25519 key"),
        (
            all(not set(name) & set(" +\n") and name for name in charter.holders),
            "a holder's name has no space and no +",
        ),
        (charter.freshness >= 1, "the freshness window is at least a second"),
        (max(charter.delay, charter.freshness) <= CENTURY, "delay and freshness are at most a hundred years"),
        (
            max(charter.hearing_days, charter.appeal_days, charter.review_days) <= CENTURY // 86_400,
            "days are at most those of a hundred years",
        ),
    )
    for held, sentence in rules:
        if not held:
            raise Illegible(f"this charter cannot work: {sentence}")


def succeeds(envelope: Envelope, later: Charter, earlier: Charter | None) -> str | None:
    """Why a charter does not follow from the earlier one; None where it does. The first needs its own approvers only."""
    if earlier is None:
        if later.version != 1:
            return "the first charter has version 1"
        judges = [later]
    else:
        if (later.version, later.office) != (earlier.version + 1, earlier.office) or later.issued < earlier.issued:
            return f"version {later.version} does not follow version {earlier.version} of the same office"
        judges = [earlier, later]
    for judge in judges:
        signed = len(judge.signed_by(envelope, Role.APPROVER))
        if signed < judge.irreversible:
            return f"version {later.version} is signed by {signed} of the {judge.irreversible} approvers that version {judge.version} asks for"
    return None


def read_chain(content: bytes) -> tuple[list[Envelope], list[Charter]]:
    """Every version of a charter from the first on, each proven from the one before. Raises Illegible."""
    document = read_object(content, "the charter")
    only(document, "schema", "versions")
    if document.get("schema") != CHAIN_SCHEMA:
        raise Illegible(f"this is no chain of charters of {CHAIN_SCHEMA}")
    rows = take(document, "versions", list)
    if not 1 <= len(rows) <= VERSIONS or not all(isinstance(row, dict) for row in rows):
        raise Illegible(f"a chain has 1 to {VERSIONS} charters")
    envelopes = [read_envelope(row, CHARTER_TYPE) for row in rows]
    return envelopes, prove_chain(envelopes)


def prove_chain(envelopes: Sequence[Envelope]) -> list[Charter]:
    """The charters in the envelopes. Raises Illegible where one does not follow from the one before."""
    charters = [read_charter(envelope.payload) for envelope in envelopes]
    previous = [None, *charters]
    for envelope, earlier, later in zip(envelopes, previous, charters, strict=False):
        trouble = succeeds(envelope, later, earlier)
        if trouble is not None:
            raise Illegible(f"this charter cannot be trusted: {trouble}")
    return charters


def chain_document(envelopes: Sequence[Envelope]) -> dict[str, Any]:
    return {"schema": CHAIN_SCHEMA, "versions": [envelope.document() for envelope in envelopes]}


def charter_at(charters: Sequence[Charter], version: int, at: datetime) -> Charter | None:
    """The charter of this version, if it was the one in force at the moment."""
    for earlier, later in pairwise([*charters, None]):
        if earlier is not None and earlier.version == version:
            return earlier if earlier.issued <= at and (later is None or at <= later.issued) else None
    return None
