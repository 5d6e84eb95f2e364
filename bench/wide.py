"""`python -m bench.wide`: commits of 10,000 files, by the stock client to a server process, beside the same files written and made durable.

`--office` says where the office keeps what it keeps: in SQLite and a folder, in PostgreSQL and a folder, or in PostgreSQL and S3.
"""

import argparse
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from tests.desk.conftest import start
from tests.doors.conftest import secret
from tests.offices import found
from tests.servers import free_port

from bench.crash_hub import cellar
from bench.measure import row, seconds_once
from brightline.assembly.office import Office

FILES, REPO, BAR = 10_000, "acme/wide", "bar 10 s"


def written(folder: Path) -> None:
    """One by one, as files of their own: what a disk takes for it."""
    for number in range(FILES):
        with (folder / f"{number}.txt").open("wb") as file:
            file.write(secrets.token_bytes(48))
            file.flush()
            os.fsync(file.fileno())


def added() -> list[CommitOperationAdd]:
    """Small files, none of them like another."""
    return [CommitOperationAdd(f"folder-{at % 50}/{at}.txt", secrets.token_hex(24).encode()) for at in range(FILES)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--office", choices=["sqlite", "postgresql", "s3"], default="sqlite")
    kind = arguments.parse_args().office
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    with tempfile.TemporaryDirectory(prefix="brightline-wide-") as place, cellar(kind, Path(place)) as kept:
        row(f"{FILES:,} files written, with an fsync each", f"{seconds_once(lambda: written(Path(place))):.1f} s", "")
        folder, port = found(Path(place) / "office", **kept), free_port()
        with Office(folder) as office:
            api = HfApi(endpoint=f"http://127.0.0.1:{port}", token=secret(office, "acme"))
        process = start(folder, port)
        try:
            api.create_repo(REPO)
            gone = [CommitOperationDelete(one.path_in_repo) for one in added()]
            for what, operations in (("added", added()), ("changed", added()), ("deleted", gone)):
                took = seconds_once(lambda operations=operations: commit(api, operations))
                row(f"{kind}: {FILES:,} files {what} in a commit", f"{took:.1f} s", BAR)
        finally:
            os.killpg(process.pid, 15)
            process.wait(20)


def commit(api: HfApi, operations: Sequence[CommitOperationAdd | CommitOperationDelete]) -> None:
    api.create_commit(REPO, operations=operations, commit_message="wide")


if __name__ == "__main__":
    main()
