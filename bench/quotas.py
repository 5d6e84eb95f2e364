"""`python -m bench.quotas`: what charging takes of a push, for an account that has a million files.

In turn with the same push by an account that has nothing: the quotient is 1 where a push does not grow with what its account holds.
"""

import hashlib
import tempfile
import time
from pathlib import Path
from statistics import median

from sqlalchemy import insert
from tests.offices import found

from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.hub.host import Account, Arrived, Operation, Push
from brightline.release.repository import Kind, RepoName
from brightline.storage.accounts.charges import charge, charges
from brightline.storage.sql.database import stored, writing

HELD, RUNS = 1_000_000, 15


def fill(office: Office, account: str) -> None:
    at = stored(office.clock())
    with writing(office.engine) as connection:
        charge(connection, account, {"0" * 64: HELD * 1_000}, office.clock())
        for start in range(0, HELD, 10_000):
            names = (hashlib.sha256(b"%d" % one).hexdigest() for one in range(start, start + 10_000))
            connection.execute(
                insert(charges), [{"name": one, "account": account, "size": 1, "at": at} for one in names]
            )


def once(hosting: Hosting, who: str, files: int, salt: bytes) -> tuple[float, float]:
    """Seconds for a commit of small files, and for one large file by LFS, from the batch to possession."""
    account, name = Account(who, "t", frozenset({"hub:read", "hub:write"})), RepoName(Kind.MODEL, who, "one")
    hosting.create(account, name, {})
    operations = [Operation("add", f"{one}.txt", b"%s %d" % (salt, one)) for one in range(files)]
    began = time.perf_counter()
    hosting.commit(account, name, "main", Push("push", "", None, operations))
    pushed = time.perf_counter() - began
    content = salt * 1_000
    began = time.perf_counter()
    ((_, size, ticket),) = hosting.wanted(
        account, name, "main", [{"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}]
    )
    hosting.bound("lfs", str(ticket), size)
    inlet = hosting.inlet(hashing=True)
    inlet.keep([content])
    hosting.received(str(ticket), Arrived(inlet.place, inlet.finish(), inlet.size))
    return pushed, time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="brightline-quotas-") as place:
        folder = found(Path(place) / "office")
        with (folder / "office.toml").open("a") as settings:
            settings.write('[quota]\nbytes = "100 TB"\n')
        with Office(folder) as office:
            fill(office, "full")
            hosting = Hosting(office)
            times: dict[str, list[tuple[float, float]]] = {"full": [], "new": []}
            for run in range(RUNS):
                for who, rows in times.items():
                    rows.append(once(hosting, who, 100, b"%d %s" % (run, who.encode())))
            for at, what in enumerate(("commit of 100 small files", "one file by LFS")):
                full, new = (median(row[at] for row in rows) for rows in times.values())
                print(
                    f"{what}: {full * 1e3:.1f} ms with {HELD:,} charges, {new * 1e3:.1f} ms with few = {full / new:.2f}"
                )


if __name__ == "__main__":
    main()
