"""What a deployer waits for: the start of `brightline verify`, and its rate beside sha256 on the same threads."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.authority.office import charter
from tests.proof.deployer import Deployer, permit

import brightline
from bench.measure import paired, row, seconds, sha256
from brightline.release.component import Component
from brightline.release.manifest import File, Manifest

COMMAND = str(Path(sys.executable).with_name("brightline"))
FILES, SIZE = 4, 512 << 20


def write_papers(folder: Path, files: list[Path]) -> Path:
    """A permit for these files, signed and published, its standing a second old. Returns its path."""
    now = datetime.now(UTC).replace(microsecond=0)
    listed = [File(file.name, file.stat().st_size, sha256(file), Component.WEIGHTS) for file in files]
    began = replace(charter(), issued=now - timedelta(days=9))
    said = permit([began], manifest=Manifest(tuple(listed)), issued=began.issued, effective=began.issued)
    published = {"at": now - timedelta(days=2)}
    made = Deployer(charters=[began], permit=said, entry=published, as_of=now - timedelta(seconds=1)).papers()
    folder.mkdir()
    for name, content in (
        ("permit.json", made.permit),
        ("charter.json", made.charters),
        ("permit.tlog-proof", made.proof),
    ):
        (folder / name).write_bytes(content)
    return folder / "permit.json"


def write_files(folder: Path, count: int, size: int) -> list[Path]:
    """Files in the page cache, each another one."""
    folder.mkdir()
    block = os.urandom(1 << 20)
    places = [folder / f"model-{number}.safetensors" for number in range(count)]
    for number, place in enumerate(places):
        with place.open("wb") as file:
            file.write(bytes([number]) + block[1:])
            for _ in range((size >> 20) - 1):
                file.write(block)
    return places


FIRST = """
import time; began = time.perf_counter()
import brightline
first = []
assert brightline.verify({folder!r}, {permit!r}, progress=lambda _: first or first.append(time.perf_counter() - began))
print(first[0])
"""


def starting(folder: Path) -> None:
    write_files(folder / "small", 1, 1 << 20)
    papers = write_papers(folder / "small-papers", sorted((folder / "small").iterdir()))
    code = FIRST.format(folder=str(folder / "small"), permit=str(papers))

    def first() -> float:
        return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)

    def whole() -> None:
        line = [COMMAND, "verify", str(folder / "small"), "--permit", str(papers)]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)

    first()
    row(
        "verify, from import to the first block hashed",
        f"{statistics.median(first() for _ in range(21)) * 1e3:.0f} ms",
        "bar 150 ms",
    )
    row("    the whole command over 1 MiB", f"{seconds(whole, runs=21) * 1e3:.0f} ms", "")


def rate(folder: Path) -> None:
    files = write_files(folder / "model", FILES, SIZE)
    papers = write_papers(folder / "papers", files)

    def ours() -> None:
        assert brightline.verify(folder / "model", papers)

    def alone() -> None:
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
            list(threads.map(sha256, files))

    mine, theirs, ratio = paired(ours, alone, runs=5)
    gigabytes = FILES * SIZE / 1e9
    row(
        "verify 4 x 512 MiB / sha256 on as many threads, rates",
        f"{gigabytes / mine:.2f} / {gigabytes / theirs:.2f} GB/s = {1 / ratio:.2f}",
        "bar 0.9",
    )
    peer = model_signing_verifier(folder, files)
    if peer is None:
        print("      model_signing: not installed, not measured")
    else:
        taken = seconds(peer, runs=3)
        row("    model_signing's verifier / sha256", f"{gigabytes / taken:.2f} GB/s = {theirs / taken:.2f}", "")


def model_signing_verifier(folder: Path, files: list[Path]) -> Callable[[], object] | None:
    try:
        from model_signing import signing, verifying
    except ImportError:
        return None
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key, private, public = ec.generate_private_key(ec.SECP256R1()), folder / "key.pem", folder / "key.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    model, signature = files[0].parent, folder / "model.sig"
    signing.Config().use_elliptic_key_signer(private_key=private).sign(model, signature)
    return lambda: verifying.Config().use_elliptic_key_verifier(public_key=public).verify(model, signature)


def measure(folder: Path) -> None:
    starting(folder)
    rate(folder)
