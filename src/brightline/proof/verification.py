"""What a deployer runs before loading weights: permit, proof and charter in, what is proven and what is not out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from brightline.decision.access import Access
from brightline.permit.charter import Charter, Role, charter_at, read_chain
from brightline.permit.envelope import STATEMENT_TYPE, Envelope, parse_envelope
from brightline.permit.notation import Illegible
from brightline.permit.permit import Permit, read_permit
from brightline.permit.standing import Force
from brightline.permit.word import Word, read_word
from brightline.proof.docket import Docket, read_docket
from brightline.proof.note import NoteKey

_Read = TypeVar("_Read")
SKEW = timedelta(minutes=5)  # by which the clocks of office and verifier may differ


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to hold, whether it did, and why: a sentence for a person."""

    name: str
    held: bool
    sentence: str


@dataclass(slots=True)
class Verification:
    """`proven` only if every check was made and held: an empty verification proves nothing."""

    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what is told, and not relied on
    permit: Permit | None = None

    @property
    def proven(self) -> bool:
        return {check.name for check in self.checks} >= set(CHECKS) and all(check.held for check in self.checks)

    def __bool__(self) -> bool:
        return self.proven

    def add(self, name: str, held: bool, sentence: str) -> bool:
        self.checks.append(Check(name, held, sentence))
        return held


CHECKS = ("charter", "permit", "access", "log", "signatures", "effect", "witnesses", "standing", "files")
"""All of them, in their order. `online` stands beside them where it is asked for."""


@dataclass(frozen=True, slots=True)
class Papers:
    """The three files, as bytes."""

    permit: bytes
    charters: bytes
    proof: bytes


def verify_papers(papers: Papers, at: datetime, max_age: timedelta | None = None) -> Verification:
    """Everything that can be said without the release's files. Never raises for what the papers hold."""
    verification = Verification()
    charters = _read(verification, "charter", lambda: read_chain(papers.charters))
    envelope = _read(verification, "permit", lambda: parse_envelope(papers.permit, STATEMENT_TYPE, "the permit"))
    permit = None if envelope is None else _read(verification, "permit", lambda: read_permit(envelope.payload))
    docket = _read(verification, "log", lambda: read_docket(papers.proof))
    if charters is None or envelope is None or permit is None or docket is None:
        return verification
    roots, chain = charters
    newest = chain[-1]
    verification.permit = permit
    verification.add(
        "charter", True, f"{newest.office}: version 1 as you gave it, and {len(chain) - 1} rotations from it"
    )
    verification.notes.append(f"all of this rests on the first charter, {roots[0].digest}: is it {newest.office}'s?")
    verification.add("permit", True, f"case {permit.case}, {permit.title}: {_accesses(permit)}")
    _access(verification, permit)
    word = _word(verification, docket, newest, permit, envelope.digest)
    if word is not None:
        _signatures(verification, envelope, permit, charter_at(chain, permit.charter, word.at), word)
        _effect(verification, permit, word, chain, at)
    _witnesses(verification, docket, newest)
    _standing(verification, docket, newest, envelope.digest, at, max_age)
    return verification


def _read(verification: Verification, name: str, read: Callable[[], _Read]) -> _Read | None:
    try:
        return read()
    except Illegible as trouble:
        verification.add(name, False, f"it cannot be relied on: {trouble}")
        return None


def _accesses(permit: Permit) -> str:
    return ", ".join(f"{component} {access}" for component, access in permit.access.items())


def _access(verification: Verification, permit: Permit) -> None:
    """What nobody may have is not proven, however well it is signed; for the rest, who may have it is said."""
    held = {file.component for file in permit.manifest.files}
    granted = {part: access for part, access in permit.access.items() if part in held}
    withheld = [part.value for part, access in granted.items() if access is Access.WITHHELD]
    if withheld:
        verification.add("access", False, f"{', '.join(withheld)} withheld: nobody may load what is here")
        return
    limits = [f"; {part} {access}: {_FOR[access]}" for part, access in granted.items() if access in _FOR]
    verification.add("access", True, f"nothing here is withheld{''.join(limits)}")


_FOR = {
    Access.GATED: "for identified callers who accepted the terms",
    Access.VETTED: "for those who were approved by name",
    Access.API: "for a gateway that gives answers, and no bytes",
}


def log_key(charter: Charter) -> NoteKey:
    return NoteKey(charter.office, next(iter(charter.keys(Role.LOG).values())))


def witness_keys(charter: Charter) -> list[NoteKey]:
    holders = [(name, holder) for name, holder in charter.holders.items() if Role.WITNESS in holder.roles]
    return [NoteKey(name, key, witness=True) for name, holder in holders for key in holder.keys]


def _word(verification: Verification, docket: Docket, newest: Charter, permit: Permit, digest: str) -> Word | None:
    """The entry by which the permit was published, if the log surely holds it."""
    proof = docket.proof
    try:
        word = read_word(docket.entry)
    except Illegible as trouble:
        verification.add("log", False, f"the entry is no word of an office: {trouble}")
        return None
    rules = (
        (proof.checkpoint.origin == newest.office, f"the checkpoint is of {proof.checkpoint.origin[:80]}"),
        (proof.checkpoint.signed_by(log_key(newest)), "the checkpoint is not signed by the charter's log key"),
        (proof.holds(docket.entry), "the log does not hold this entry"),
        ((word.act, word.body.get("permit")) == ("publish", digest), "the entry does not publish this permit"),
        (word.at >= permit.issued, "the entry says that it was published before it was issued"),
    )
    for held, sentence in rules:
        if not held:
            verification.add("log", False, sentence)
            return None
    said = f"entry {proof.index} of {proof.checkpoint.size}: published {word.at:%Y-%m-%d %H:%M:%S} UTC"
    verification.add("log", True, said)
    return word


def _signatures(
    verification: Verification, envelope: Envelope, permit: Permit, charter: Charter | None, word: Word
) -> None:
    if charter is None or word.charter != permit.charter or word.case != permit.case:
        verification.add(
            "signatures", False, f"charter version {permit.charter} was not in force when it was published"
        )
        return
    signed = charter.strangers(charter.signed_by(envelope, Role.APPROVER), (permit.applicant, *permit.affiliates))
    wanted = charter.irreversible if permit.one_way else charter.reversible
    kind = "what cannot be undone" if permit.one_way else "what can be undone"
    names = f" ({', '.join(sorted(signed))})" if signed else ""
    sentence = f"{len(signed)} approvers{names}; {wanted} needed for {kind}, none of them the applicant"
    verification.add("signatures", len(signed) >= wanted, sentence)


def _effect(verification: Verification, permit: Permit, word: Word, chain: Sequence[Charter], at: datetime) -> None:
    """Begun, delay over, not expired. The delay is the one of the charter under which it was published."""
    charter = next((one for one in chain if one.version == word.charter), chain[-1])
    begins = max(permit.effective, word.at + timedelta(seconds=charter.delay if permit.one_way else 0))
    if begins > at:
        verification.add("effect", False, f"it takes effect {begins:%Y-%m-%d %H:%M:%S} UTC, not before")
    elif permit.expires is not None and at >= permit.expires:
        verification.add("effect", False, f"it expired {permit.expires:%Y-%m-%d %H:%M:%S} UTC")
    else:
        until = "without end" if permit.expires is None else f"until {permit.expires:%Y-%m-%d}"
        verification.add("effect", True, f"in effect since {begins:%Y-%m-%d %H:%M:%S} UTC, {until}")


def _witnesses(verification: Verification, docket: Docket, newest: Charter) -> None:
    seen = {key.name for key in witness_keys(newest) if docket.proof.checkpoint.cosigned_by(key) is not None}
    held = len(seen) >= newest.witnesses
    verification.add("witnesses", held, f"{len(seen)} witnesses cosigned; the charter asks for {newest.witnesses}")


def _standing(
    verification: Verification, docket: Docket, newest: Charter, permit: str, at: datetime, max_age: timedelta | None
) -> None:
    """Not revoked, as of a moment that is near enough. Nothing offline can prove what happened since."""
    window = timedelta(seconds=newest.freshness)
    window = window if max_age is None else min(window, max_age)
    standing = docket.standing
    age = at - standing.as_of
    rules = (
        (bool(newest.signed_by(docket.standing_envelope, Role.LOG)), "the standing is not signed by the log"),
        (standing.permit == permit, "the standing is of another permit"),
        (standing.size > docket.proof.index, "the standing is older than the permit's entry"),
        (standing.size >= docket.proof.checkpoint.size, "the standing is older than the checkpoint beside it"),
        (standing.force is Force.IN_FORCE, f"the permit is {standing.force}"),
        (not standing.orders, f"an order runs against it: {'; '.join(standing.orders)}"),
        (age <= window, f"the standing is {_span(age)} old, and may be {_span(window)}: export or ask --online again"),
        (age >= -SKEW, "the standing is from the future: set this machine's clock"),
    )
    for held, sentence in rules:
        if not held:
            verification.add("standing", False, sentence)
            return
    sentence = f"not revoked as of {standing.as_of:%Y-%m-%d %H:%M:%S} UTC ({_span(age)} ago, {_span(window)} allowed)"
    verification.add("standing", True, sentence)


def _span(span: timedelta) -> str:
    seconds = int(max(span, timedelta()).total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def verify_files(verification: Verification, found: Mapping[str, tuple[int, str]], oddities: Sequence[str]) -> None:
    """The folder against the permit: exactly its files, each with its size and sha256. `found` is path -> (size, sha256)."""
    permit = verification.permit
    if permit is None:
        verification.add("files", False, "not compared: there is no permit to compare with")
        return
    named = {file.path: (file.size, file.sha256) for file in permit.manifest.files}
    troubles = [
        *oddities,
        *(f"{path} is missing" for path in named if path not in found),
        *(f"{path} is not in the permit" for path in found if path not in named),
        *(f"{path} is not what was permitted" for path in named if path in found and found[path] != named[path]),
    ]
    if troubles:
        rest = f"; and {len(troubles) - 5} more" if len(troubles) > 5 else ""
        verification.add("files", False, "; ".join(troubles[:5]) + rest)
    else:
        verification.add("files", True, f"exactly the {len(named)} files of the permit, every sha256 right")
