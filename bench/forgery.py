"""Mutated papers and folders against the verifier: it never raises, and never says "proven" of what was not permitted.

Half of the inputs begin as papers that prove, half as papers with one defect. Bytes are cut, spliced and overwritten; and
members of the JSON, also within what was signed, are moved, swapped and replaced, some of it signed again with keys of an
attacker. `make fuzz` prints the count; the generator is seeded, so a failure repeats.
"""

import argparse
import json
import random
import time
from base64 import b64decode, b64encode
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.authority.office import pen
from tests.proof.deployer import TODAY, Deployer, folder
from tests.proof.test_verification import DEFECTS

from bench.mutation import mutate
from brightline.permit.envelope import STATEMENT_TYPE, Envelope, parse_envelope
from brightline.permit.notation import Illegible
from brightline.proof.docket import read_docket
from brightline.proof.verification import Papers, verify_files, verify_papers

PARTS = ("permit", "charters", "proof")
VALUES: list[Any] = [None, True, 0, 1, 2, -1, 1 << 64, 1e308, "", "open", "0" * 64, [], {}, "2999-01-01T00:00:00Z"]
Found = dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Papers and a folder, and whether they are as they were made."""

    papers: Papers
    found: Found


def proven(attempt: Attempt) -> bool:
    verification = verify_papers(attempt.papers, TODAY)
    verify_files(verification, attempt.found, [])
    return bool(verification)


def essence(attempt: Attempt) -> tuple[object, ...]:
    """All that a proof depends on. Two attempts that share it are the same permit, however they are spelled."""
    permit = parse_envelope(attempt.papers.permit, STATEMENT_TYPE, "the permit")
    versions = [json.dumps(row["payload"]) for row in json.loads(attempt.papers.charters)["versions"]]
    docket = read_docket(attempt.papers.proof)
    head = docket.proof.checkpoint
    return (permit.payload, versions, docket.entry, docket.standing, head.text(), sorted(attempt.found.items()))


def spoil(attempt: Attempt, chance: random.Random) -> Attempt:
    """One change, somewhere."""
    kind = chance.randrange(8)
    if kind == 0:
        return replace(attempt, found=spoil_folder(attempt.found, chance))
    part = chance.choice(PARTS)
    raw: bytes = getattr(attempt.papers, part)
    if kind < 4:
        changed = mutate(raw, chance)
    elif part == "proof":
        changed = spoil_proof(raw, chance)
    else:
        changed = json.dumps(spoil_signed(json.loads(raw), chance)).encode()
    return replace(attempt, papers=replace(attempt.papers, **{part: changed}))


def spoil_folder(found: Found, chance: random.Random) -> Found:
    path = chance.choice(sorted(found))
    size, digest = found[path]
    less = {name: told for name, told in found.items() if name != path}
    return chance.choice([
        less,
        {**found, f"{path}.more": (size, digest)},
        {**less, path.upper(): (size, digest)},
        {**found, path: (size + chance.choice([-1, 1]), digest)},
        {**found, path: (size, digest[::-1])},
        {**found, path: (size, digest.upper())},
    ])  # fmt: skip


def spoil_signed(document: Any, chance: random.Random) -> Any:
    """Change a member; with luck one inside a payload; and sign it again with a key of the attacker's."""
    document = deepcopy(document)
    places = members(document)
    parent, name = chance.choice(places)
    value = parent[name]
    if isinstance(value, str) and name == "payload" and chance.random() < 0.9:
        parent[name] = b64encode(json.dumps(spoil_signed(json.loads(b64decode(value)), chance)).encode()).decode()
        if chance.random() < 0.5 and isinstance(parent, dict):
            forge(parent, chance)
    elif chance.random() < 0.5:
        other, place = chance.choice(places)
        parent[name] = deepcopy(other[place])
    elif isinstance(parent, dict) and chance.random() < 0.3:
        del parent[name]
    else:
        parent[name] = chance.choice(VALUES)
    return document


def forge(envelope: dict[str, Any], chance: random.Random) -> None:
    """Signatures that are right, by keys that mean nothing here; sometimes under the ids of keys that do."""
    unsigned = Envelope(str(envelope["payloadType"]), b64decode(envelope["payload"]))
    strangers = [unsigned.signed(pen(name)).document()["signatures"][0] for name in ("eve", "mallory")]
    for stranger, real in zip(strangers, envelope["signatures"], strict=False):
        if chance.random() < 0.5:
            stranger["keyid"] = real["keyid"]
    envelope["signatures"] = strangers


def members(document: Any) -> list[tuple[Any, Any]]:
    rows = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    found: list[tuple[Any, Any]] = []
    for name, value in list(rows):
        found += [(document, name), *members(value)]
    return found


def spoil_proof(raw: bytes, chance: random.Random) -> bytes:
    """Lines swapped, doubled or dropped; or the extra data changed as a signed document is."""
    rows = raw.decode().split("\n")
    if chance.random() < 0.5:
        extra = json.loads(b64decode(rows[1].removeprefix("extra ")))
        rows[1] = "extra " + b64encode(json.dumps(spoil_signed(extra, chance)).encode()).decode()
        return "\n".join(rows).encode()
    first, second = chance.randrange(len(rows)), chance.randrange(len(rows))
    match chance.randrange(3):
        case 0:
            rows[first], rows[second] = rows[second], rows[first]
        case 1:
            rows.insert(first, rows[second])
        case _:
            del rows[first]
    return "\n".join(rows).encode()


def attack(count: int, chance: random.Random) -> Counter[str]:
    """Raises AssertionError for a false that became true, and whatever else leaves the verifier."""
    whole = Attempt(Deployer().papers(), folder())
    assert proven(whole)
    kept = essence(whole)
    defective = [Attempt(deployer.papers(), folder()) for deployer, _ in DEFECTS.values()]
    tally: Counter[str] = Counter()
    for _ in range(count):
        sound = chance.random() < 0.5
        attempt = whole if sound else chance.choice(defective)
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            attempt = spoiled(attempt, chance)
        if not proven(attempt):
            tally["refused"] += 1
            continue
        assert sound, f"a defect was made good: {attempt}"
        assert essence(attempt) == kept, f"a forgery was proven: {attempt}"
        tally["proven: only the spelling differs"] += 1
    return tally


def spoiled(attempt: Attempt, chance: random.Random) -> Attempt:
    """As `spoil`, where an earlier change left something that can still be changed so."""
    try:
        return spoil(attempt, chance)
    except (ValueError, LookupError, TypeError, AttributeError, Illegible):
        return attempt


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=100_000, help="mutated papers and folders")
    arguments.add_argument("--seed", type=int, default=6962)
    chosen = arguments.parse_args()
    began = time.monotonic()
    tally = attack(chosen.count, random.Random(chosen.seed))
    taken = timedelta(seconds=round(time.monotonic() - began))
    print(
        f"  verification   {chosen.count:>8,} mutated inputs, seed {chosen.seed}, no forgery proven: {dict(tally)}, {taken}"
    )


if __name__ == "__main__":
    main()
