"""What a deployer holds: permit, proof and charter, made with real keys. A test changes one thing and looks what is proven."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.authority.office import LOG, NOON, charter, content, determination, manifest, pen

from brightline.decision.access import Access
from brightline.permit.charter import Charter, chain_document
from brightline.permit.envelope import Envelope
from brightline.permit.permit import Permit
from brightline.permit.standing import Force, Standing
from brightline.permit.word import Word
from brightline.proof.docket import docket_text
from brightline.proof.merkle import Nodes, inclusion, leaf_hash, node_hash, root
from brightline.proof.note import Checkpoint
from brightline.proof.verification import Papers, log_key, witness_keys
from brightline.release.component import Component

DAY = timedelta(days=1)
TODAY = NOON + 2 * DAY  # published at noon, a delay of one day


def nodes(entries: Sequence[bytes]) -> Nodes:
    """Of a log that is small enough to be held as a list."""
    levels = [[leaf_hash(entry) for entry in entries]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)])
    return lambda level, number: levels[level][number]


def permit(charters: Sequence[Charter], **changed: Any) -> Permit:
    """Everything open: what cannot be undone."""
    access = dict.fromkeys(Component, Access.OPEN)
    made = Permit(
        case=1, title="Small Model", applicant="acme", affiliates=("acme-labs",), manifest=manifest(),
        access=access, determination=determination(access), conditions=(), fails_if=(), charter=charters[-1].version,
        issued=NOON, effective=NOON, review=None, expires=None, base=None, supersedes=None,
    )  # fmt: skip
    return replace(made, **changed)


@dataclass
class Deployer:
    """`signers` signed the permit; `entry` changes the word that published it; `standing` the log's last word on it."""

    charters: list[Charter] = field(default_factory=lambda: [charter()])
    permit: Permit | None = None
    signers: tuple[str, ...] = ("ada", "bea")
    entry: dict[str, Any] = field(default_factory=dict)
    standing: dict[str, Any] = field(default_factory=dict)
    log: str = LOG
    witnesses: tuple[str, ...] = ()
    others: int = 5  # entries after this one
    as_of: datetime = TODAY - timedelta(minutes=10)

    def papers(self) -> Papers:
        envelope = signed((self.permit or permit(self.charters)).envelope(), self.signers)
        return Papers(content(envelope), self.chain(), self.proof(envelope).encode())

    def chain(self) -> bytes:
        hands = ("ada", "bea", "carl", "another ada", "another bea", "another carl")
        envelopes = [signed(each.envelope(), hands) for each in self.charters]
        return json.dumps(chain_document(envelopes)).encode()

    def word(self, permit: str) -> Word:
        said = Word("publish", 1, NOON, "olga", self.charters[-1].version, {"permit": permit})
        return replace(said, **self.entry)

    def proof(self, envelope: Envelope) -> str:
        entries = [b"before", self.word(envelope.digest).entry(), *(f"after {n}".encode() for n in range(self.others))]
        tree, newest = nodes(entries), self.charters[-1]
        head = Checkpoint(newest.office, len(entries), root(tree, len(entries))).signed(pen(self.log), log_key(newest))
        for key in witness_keys(newest):
            if key.name in self.witnesses:
                head = head.cosigned(pen(key.name), key, self.as_of)
        told = Standing(envelope.digest, Force.IN_FORCE, (), self.as_of, len(entries))
        standing = replace(told, **self.standing).envelope().signed(pen(self.log))
        return docket_text(1, tuple(inclusion(tree, 1, len(entries))), head, entries[1], standing)


def signed(envelope: Envelope, names: Sequence[str]) -> Envelope:
    for name in names:
        envelope = envelope.signed(pen(name))
    return envelope


def folder() -> dict[str, tuple[int, str]]:
    """What a folder that is exactly as permitted is found to hold."""
    return {file.path: (file.size, file.sha256) for file in manifest().files}
