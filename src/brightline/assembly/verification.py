"""`brightline verify` and its five lines as a library: nothing heavy is imported, and nobody has to be trusted but the charter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from brightline.assembly.refusal import Refused
from brightline.permit.charter import read_chain
from brightline.permit.notation import SIZE, Illegible
from brightline.proof.docket import read_docket
from brightline.proof.verification import SKEW, Papers, Verification, verify_files, verify_papers
from brightline.sources.exact import Exact, read_bounded, read_exactly

CHARTER, PROOF = "charter.json", "permit.tlog-proof"
BUNDLES = ("model.sig", "claims.jsonl")


def verify(
    folder: str | Path,
    permit: str | Path,
    charter: str | Path | None = None,
    proof: str | Path | None = None,
    max_age: timedelta | None = None,
    online: str | None = None,
    root: str | None = None,
    progress: Callable[[int], None] = lambda _count: None,
) -> Verification:
    """Whether the folder holds exactly what the permit names, and the permit is in force. Raises Refused for lacking files.

    `charter` and `proof` are looked for beside the permit. `root` is the digest that the first charter must have.
    The result is true only if everything was proven.
    """
    place = Path(permit)
    if not Path(folder).is_dir():
        raise Refused(f"{folder} is no folder. Name the folder that holds the release.")
    papers = Papers(
        _paper(place),
        _paper(Path(charter) if charter is not None else place.parent / CHARTER),
        _paper(Path(proof) if proof is not None else place.parent / PROOF),
    )
    at = datetime.now(UTC)  # noqa: TID251 - the clock is read in assembly
    verification = verify_papers(papers, at, max_age)
    if online is not None:
        verification = _online(verification, papers, online, at, max_age)
    if root is not None:
        _rooted(verification, papers, root)
    permitted = () if verification.permit is None else verification.permit.manifest.files
    found = read_exactly(Path(folder), progress, {file.path: file.size for file in permitted})
    verify_files(verification, found.files, found.oddities)
    _bundles(verification, Path(folder), found)
    return verification


def _rooted(verification: Verification, papers: Papers, root: str) -> None:
    try:
        first = read_chain(papers.charters)[0][0].digest
    except Illegible:
        first = "none that can be read"
    verification.add("root", first == root, f"the first charter is {first}; you named {root}")


def _paper(place: Path) -> bytes:
    try:
        content = read_bounded(place, SIZE)
    except OSError as trouble:
        raise Refused(
            f"{place} cannot be read: {trouble.strerror}. `brightline permit export` writes all three."
        ) from None
    if content is None:
        raise Refused(f"{place} is no file of at most {SIZE} bytes: it is no paper of an office.")
    return content


def _online(before: Verification, papers: Papers, url: str, at: datetime, max_age: timedelta | None) -> Verification:
    """The same with the standing as the office gives it now, after its log was seen to have grown out of the proof's."""
    if before.permit is None:
        before.add("online", False, "not asked: the papers cannot be read")
        return before
    from brightline.assembly.watching import Unreachable, fresh_proof  # noqa: PLC0415 - only who asks online needs a client

    digest = before.permit.envelope().digest
    try:
        fresh = fresh_proof(url, digest, papers)
        told, kept = read_docket(fresh), read_docket(papers.proof)
    except (Unreachable, Illegible) as trouble:
        before.add("online", False, str(trouble))
        return before
    if told.standing.as_of < kept.standing.as_of:
        before.add("online", False, f"{url} answered with a standing that is older than the one in your proof")
        return before
    age = SKEW if max_age is None else min(SKEW, max_age)  # who asks now is not told what held some days ago
    verification = verify_papers(Papers(papers.permit, papers.charters, fresh), at, age)
    size = told.proof.checkpoint.size
    verification.add("online", True, f"{url} answered, and its log of {size} entries grew out of the proof's")
    return verification


def _bundles(verification: Verification, folder: Path, found: Exact) -> None:
    """Who signed the files as their publisher, where a model-signing bundle lies among them or beside them."""
    for place in (*(folder / name for name in BUNDLES), *(folder.parent / f"{folder.name}.sig",)):
        if place.is_file() and not place.is_symlink():
            _bundle(verification, place, found)


def _bundle(verification: Verification, place: Path, found: Exact) -> None:
    from brightline.proof.bundle import read_bundle  # noqa: PLC0415 - few releases carry one

    try:
        bundle = read_bundle(read_bounded(place, SIZE) or b"")
    except (Illegible, OSError) as trouble:
        verification.add("bundle", False, f"{place.name}: {trouble}")
        return
    wrong = [path for path, digest in bundle.files.items() if found.files.get(path, (0, ""))[1] != digest]
    if wrong:
        verification.add("bundle", False, f"{place.name} was signed over other bytes: {', '.join(wrong[:3])}")
        return
    how = "signature right; who issued the certificate was not checked" if bundle.checked else "signature not checked"
    verification.notes.append(f"{place.name}: {len(bundle.files)} files signed by {bundle.signer} ({how})")
