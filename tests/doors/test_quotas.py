"""Quotas, with stock clients on a real server: what does not fit is refused at once and in words, and what fits goes on."""

import os
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError
from tests.desk.conftest import start
from tests.doors.conftest import client, decide_all
from tests.doors.lying import GOOD, Lies, lying
from tests.offices import found
from tests.servers import free_port

from brightline.assembly.hosting.people.vetting import audit
from brightline.assembly.hosting.quota import except_account
from brightline.assembly.office import Office
from brightline.storage.accounts import charges

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
REFUSED = (HfHubHTTPError, ValueError, OSError, RuntimeError)
MB = 1_000_000
SOON = 8  # seconds within which a refusal is final: clients that try again do so for minutes


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = found(tmp_path_factory.mktemp("quotas") / "office")
    with (folder / "office.toml").open("a") as settings:
        settings.write('[quota]\nbytes = "10 MB"\nrepositories = 3\n')
    with Office(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    port = free_port()
    process = start(office.settings.folder, port)
    yield f"http://127.0.0.1:{port}"
    os.killpg(process.pid, 15)
    process.wait(20)


class Person:
    """An account of its own for each test, with a stock client."""

    def __init__(self, address: str, office: Office, folder: Path, name: str) -> None:
        self.api, self.office, self.folder, self.name = client(address, office, name), office, folder, name

    def repo(self, name: str = "one") -> str:
        return self.api.create_repo(f"{self.name}/{name}", exist_ok=True).repo_id

    def send(self, name: str, size: int, seed: int, repo: str = "one") -> None:
        place = self.folder / name
        place.write_bytes(np.random.default_rng(seed).bytes(size))
        self.api.upload_file(path_or_fileobj=place, path_in_repo=name, repo_id=f"{self.name}/{repo}")

    def used(self) -> int:
        with self.office.engine.begin() as connection:
            used = charges.allowance_of(connection, self.name).used
        told = httpx.get(f"{self.api.endpoint}/api/whoami-v2", headers={"Authorization": f"Bearer {self.api.token}"})
        assert told.json()["brightline"]["storage"]["used"] == used
        return used


@pytest.fixture(params=[True, False], ids=["xet", "lfs"])
def xet(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", not request.param)
    return bool(request.param)


@pytest.fixture
def person(address: str, office: Office, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    made = Person(address, office, tmp_path, f"p{zlib.crc32(request.node.name.encode())}")
    made.repo()
    return made


def allow(office: Office, person: Person, size: int) -> None:
    except_account(office, person.name, {"bytes": size})


def refused(work, *words: str) -> None:
    began = time.monotonic()
    with pytest.raises(REFUSED) as trouble:
        work()
    assert time.monotonic() - began < SOON, "the client tried again"
    said = str(trouble.value).replace("-", " ")
    assert all(word in said for word in words), said


def test_what_does_not_fit_is_refused_before_it_is_sent_and_the_rest_goes_on(person: Person, xet: bool) -> None:
    person.send("a.bin", 6 * MB, 1)
    assert person.used() == 6 * MB, "what came by Xet counts once, and not beside the file that it became"
    words = ("The quota is full", f"{person.name} uses 6.0 MB of 10.0 MB", "5.0 MB more", "ask the office at http")
    refused(lambda: person.send("b.bin", 5 * MB, 2), *words)
    assert person.used() == 6 * MB
    person.send("c.bin", 3 * MB, 3)
    assert person.api.list_repo_files(f"{person.name}/one") == [".gitattributes", "a.bin", "c.bin"]
    assert person.used() == 9 * MB


def test_bytes_that_nobody_announced_are_refused_where_they_come(person: Person, xet: bool) -> None:
    """As large as a file that is here, so that it may be that one; but it is another."""
    person.send("a.bin", 6 * MB, 1)
    refused(lambda: person.send("b.bin", 6 * MB, 2), "The quota is full", "uses 6.0 MB of 10.0 MB")
    person.send("renamed.bin", 6 * MB, 1)
    assert person.used() == 6 * MB


def test_a_long_body_that_is_refused_is_not_read(person: Person, office: Office) -> None:
    """A xorb of 64 MB, by the stock client; its files are as large as one that is here."""
    allow(office, person, 100 * MB)
    person.send("a.bin", 90 * MB, 1)
    refused(lambda: person.send("b.bin", 90 * MB, 2), "The quota is full", "uses 90.0 MB of 100.0 MB")


def test_a_commit_of_small_files_is_refused_as_a_whole(person: Person) -> None:
    repo = f"{person.name}/one"
    files = [CommitOperationAdd(f"{number}.txt", b"%d" % number * 900_000) for number in range(12)]
    refused(lambda: person.api.create_commit(repo, files, commit_message="all"), "The quota is full", "uses 0 bytes")
    person.api.create_commit(repo, files[:10], commit_message="some")
    assert person.used() == 9_000_000
    refused(lambda: person.api.create_commit(repo, files[10:], commit_message="rest"), "The quota is full")
    more = [CommitOperationAdd("again.txt", b"3" * 900_000), CommitOperationDelete("0.txt")]
    person.api.create_commit(repo, more, commit_message="known bytes, and less")
    assert person.used() == 9_000_000


def test_many_at_once_and_into_many_repositories_are_together_not_more(
    person: Person, office: Office, xet: bool
) -> None:
    for name in ("two", "three"):
        person.repo(name)
    with pytest.raises(HfHubHTTPError, match="has 3 repositories, and may have no more"):
        person.repo("four")

    def send(number: int) -> None:
        try:
            person.send(f"{number}.bin", 2 * MB, number, ("one", "two", "three")[number % 3])
        except REFUSED as trouble:
            told.append(f"{trouble} {trouble.__cause__}".replace("-", " "))

    told: list[str] = []
    senders = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert person.used() <= 10 * MB
    assert len(told) >= 3
    assert all("The quota is full" in one for one in told), told
    assert audit(office).wrong == ()


def test_a_file_in_parts_is_charged_part_by_part(person: Person, office: Office, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    allow(office, person, 400 * MB)
    headers = {"Authorization": f"Bearer {person.api.token}", "Accept": "application/vnd.git-lfs+json"}

    def ask(*objects: tuple[str, int]) -> list:
        wanted = {
            "operation": "upload",
            "transfers": ["multipart"],
            "objects": [{"oid": o, "size": s} for o, s in objects],
        }
        url = f"{person.api.endpoint}/{person.name}/one.git/info/lfs/objects/batch"
        return httpx.post(url, json=wanted, headers=headers).json()["objects"]

    first, second = ask(("1" * 64, 300 * MB), ("2" * 64, 300 * MB))
    assert second["error"]["code"] == 413
    assert "600.0 MB more" in second["error"]["message"]
    tickets = [first, *(ask((str(digit) * 64, 300 * MB))[0] for digit in (3, 4))]
    urls = [one["actions"]["upload"]["header"] for one in tickets]
    part = bytes(int(urls[0]["chunk_size"]))
    sent = [httpx.put(url["1"], content=part, timeout=60) for url in urls for _ in range(2)]
    assert [one.status_code for one in sent] == [200] * 6
    assert person.used() == 3 * len(part), "sent twice is held once"
    more = [httpx.put(url["2"], content=part, timeout=60) for url in urls]
    assert [one.status_code for one in more] == [200, 200, 413]
    assert "The quota is full" in more[-1].headers["X-Error-Message"]
    assert httpx.post(tickets[0]["actions"]["upload"]["href"], json={"oid": "1" * 64, "parts": []}).status_code == 422


def test_a_large_file_in_parts_counts_once(person: Person, office: Office, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    allow(office, person, 300 * MB)
    person.send("large.bin", 280 * MB, 1)
    assert person.used() == 280 * MB


def test_a_copy_counts_for_nobody_as_long_as_its_lender_has_it(person, address, office, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    person.send("w.bin", 6 * MB, 7)
    decide_all(office, weights="open")
    other = Person(address, office, tmp_path, f"{person.name}x")
    headers = {"Authorization": f"Bearer {other.api.token}"}
    assert httpx.post(f"{address}/api/models/{person.name}/one/ask-access", headers=headers).is_success
    other.api.duplicate_repo(f"{person.name}/one", f"{other.name}/copy")
    person.api.duplicate_repo(f"{person.name}/one", f"{person.name}/copy")
    assert (person.used(), other.used()) == (6 * MB, 0)
    other.send("w.bin", 6 * MB, 7, "copy")
    assert other.used() == 0, "what is lent is not asked for"
    other.repo("own")
    other.send("w.bin", 6 * MB, 7, "own")
    assert other.used() == 6 * MB, "what somebody else has too is counted all the same, and tells nothing"


def test_an_import_is_refused_before_a_byte_is_fetched(office: Office, brightline) -> None:
    lies = Lies()
    with lying(lies) as source:
        words = ("hub", "import", "acme/lie", "--from", source, "--office", office.settings.folder)
        assert brightline("hub", "quota", "acme", "--bytes", "5 kB", *words[-2:]).returncode == 0
        done = brightline(*words)
        assert (done.returncode, "acme uses 0 bytes of 5.0 kB" in done.stderr) == (5, True), done.stderr
        assert not [path for path in lies.paths() if "/resolve/" in path]
        assert brightline("hub", "quota", "acme", "--default", *words[-2:]).returncode == 0
        assert brightline(*words).returncode == 0
    with office.engine.begin() as connection:
        assert charges.allowance_of(connection, "acme").used == len(GOOD)


def test_the_office_makes_exceptions_and_sees_who_uses_what(person: Person, office: Office, brightline) -> None:
    where = ("--office", office.settings.folder)
    person.send("a.bin", 6 * MB, 1)
    told = brightline("hub", "quota", person.name, "--bytes", "20 MB", "--repositories", "5", *where)
    assert f"{person.name} uses 6.0 MB of 20.0 MB, in 1 of 5 repositories" in told.stdout
    assert "6.0 MB in its repositories" in told.stdout
    person.send("b.bin", 8 * MB, 2)
    told = brightline("hub", "quota", person.name, "--bytes", "unlimited", *where)
    assert "uses 14.0 MB without a limit" in told.stdout
    person.send("c.bin", 9 * MB, 3)
    person.api.delete_repo(f"{person.name}/one")
    assert person.used() == 23 * MB, "the office keeps what was filed"
    told = brightline("hub", "quota", person.name, "--default", *where)
    assert "uses 23.0 MB of 10.0 MB, in 0 of 3 repositories" in told.stdout
    assert "23.0 MB in releases on file" in told.stdout
    assert person.name in brightline("hub", "quota", *where).stdout
    assert brightline("hub", "quota", "--bytes", "1 GB", *where).returncode == 64
    assert brightline("hub", "quota", "x", "--bytes", "much", *where).returncode == 64


def test_what_a_repository_takes_is_told_as_far_as_it_is_seen(person: Person, address: str, office: Office) -> None:
    person.send("a.bin", 2 * MB, 21)
    decide_all(office, weights="open")
    person.send("a.bin", 3 * MB, 22)

    def told(api: HfApi) -> int | None:
        """The same, whether other keys are asked for too or not."""
        (used,) = {
            api.model_info(f"{person.name}/one", expand=keys).used_storage
            for keys in (["usedStorage"], ["sha", "usedStorage"], None)
        }
        return used

    assert told(person.api) == 5 * MB
    assert told(client(address, office, None)) == 2 * MB
