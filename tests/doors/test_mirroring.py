"""Pull-through: what is not here is wished for, fetched by a durable job, and served once it was decided; never before."""

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub.errors import RepositoryNotFoundError
from sqlalchemy import func, select
from tests.desk.conftest import start
from tests.doors.conftest import client, decide_all, open_cases, secret
from tests.doors.lying import Lies, lying, row, send
from tests.doors.test_importing import brightline
from tests.offices import found, write_model
from tests.servers import free_port

from brightline.assembly import examination
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.imports import mirroring
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.hub.host import Account, Turned
from brightline.release.repository import Kind, RepoName
from brightline.storage.repositories.origins import wishes
from brightline.storage.sql import shelves

SOON = 0.05  # minutes after which the upstream is looked at again


def office_with(folder: Path, url: str, **more: object) -> Path:
    found(folder)
    settings = {"minutes": SOON, **more}
    rows = "".join(f"{key} = {str(value).replace(chr(39), chr(34))}\n" for key, value in settings.items())
    with (folder / "office.toml").open("a") as place:
        place.write(f'[upstream]\nurl = "{url}"\nowner = "mirror"\n{rows}')
    return folder


@contextlib.contextmanager
def serving(office: Office) -> Iterator[str]:
    port = free_port()
    process = start(office.settings.folder, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(20)


def said(address: str, name: str, token: str | None) -> str:
    """What a caller is told of a repository that is refused; never a 5xx or a 429."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answers = [httpx.get(f"{address}/api/models/{name}", headers=headers)]
    answers.append(httpx.get(f"{address}/{name}/resolve/main/README.md", headers=headers))
    for answer in answers:
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (401 if token is None else 404, "RepoNotFound")
    return answers[-1].headers["X-Error-Message"]


def wait_until(true, seconds: int = 60) -> None:
    for _ in range(seconds * 10):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to be")


def test_the_whole_way(tmp_path: Path) -> None:
    """Wished, fetched, decided, downloaded; a newer revision waits; and what was decided is served while the upstream is away."""
    with contextlib.ExitStack() as stack:
        theirs = stack.enter_context(Office(found(tmp_path / "there")))
        up = stack.enter_context(contextlib.ExitStack())
        there = up.enter_context(serving(theirs))
        globex = client(there, theirs, "globex")
        globex.create_repo("globex/tiny")
        globex.upload_folder(repo_id="globex/tiny", folder_path=write_model(tmp_path / "model", 21))
        decide_all(theirs)
        office = stack.enter_context(Office(office_with(tmp_path / "here", there)))
        here = stack.enter_context(serving(office))
        ann, nobody = secret(office, "ann"), client(here, office, None)

        assert "Signed in, you would have it fetched" in said(here, "globex/tiny", None)
        with office.engine.begin() as connection:
            assert connection.execute(select(func.count()).select_from(wishes)).scalar_one() == 0
        assert "is being fetched from" in said(here, "globex/tiny", ann)
        wait_until(lambda: "case 1 is decided before" in said(here, "globex/tiny", ann))
        assert "case" not in said(here, "globex/tiny", None)
        with pytest.raises(RepositoryNotFoundError, match="case 1 is decided before anything of it is served"):
            client(here, office, "ann").hf_hub_download("globex/tiny", "config.json")
        assert [one.id for one in nobody.list_models()] == []
        assert open_cases(office) == [1]
        assert httpx.get(f"{here}/api/models/globex/tiny/tree/main").status_code == 401
        decide_all(office)
        got = nobody.hf_hub_download("globex/tiny", "model.safetensors", local_dir=tmp_path / "one")
        assert Path(got).read_bytes() == (tmp_path / "model" / "model.safetensors").read_bytes()

        pinned = client(there, theirs, None).model_info("globex/tiny").sha
        first = nobody.model_info("globex/tiny").sha
        assert nobody.model_info("globex/tiny", revision=pinned).sha == first, "who pins a commit there has it here"
        globex.upload_file(path_or_fileobj=b"more\n", path_in_repo="more.txt", repo_id="globex/tiny")
        decide_all(theirs)
        time.sleep(SOON * 60)
        wait_until(lambda: nobody.model_info("globex/tiny").sha == first and open_cases(office) == [2])
        assert nobody.model_info("globex/tiny").sha == first, "the decided one goes on being served"
        decide_all(office)
        assert nobody.model_info("globex/tiny").sha != first
        assert "more.txt" in nobody.list_repo_files("globex/tiny")

        up.close()
        time.sleep(SOON * 60)
        assert nobody.hf_hub_download("globex/tiny", "README.md", local_dir=tmp_path / "two")
        assert "is being fetched" in said(here, "globex/other", ann)
        wait_until(lambda: "in vain" in said(here, "globex/other", ann))
        listed = json.loads(brightline(office, "hub", "sources", "--format", "json").stdout)
        assert [one["repo"] for one in listed["sources"]] == ["globex/tiny", "globex/tiny"]
        assert [(one["repo"], one["state"], one["by"]) for one in listed["wishes"]] == [
            ("globex/other", "failed", "ann")
        ]


class Wishing:
    """In this process: an office that fetches from a source which lies."""

    def __init__(self, office: Office) -> None:
        self.office, self.hosting = office, Hosting(office)

    def ask(self, name: str, who: str | None = "ann") -> str:
        account = None if who is None else Account(who, "t", frozenset({"hub:read"}))
        with pytest.raises(Turned) as turned:
            self.hosting.info(account, RepoName(Kind.MODEL, *name.split("/")), None, sizes=False)
        assert (turned.value.status, turned.value.code) == (404, "RepoNotFound")
        return str(turned.value)

    def settled(self, name: str, who: str = "ann") -> str:
        wait_until(lambda: "is being fetched" not in self.ask(name, who))
        return self.ask(name, who)

    def repos(self) -> int:
        with self.office.engine.begin() as connection:
            return connection.execute(select(func.count()).select_from(shelves.repos)).scalar_one()


@contextlib.contextmanager
def wishing(folder: Path, lies: Lies, **more: object) -> Iterator[Wishing]:
    with lying(lies) as address, Office(office_with(folder, address, **{"minutes": 60, **more})) as office:
        made = Wishing(office)
        with examination.examining(office), made.hosting.fetching():
            yield made


def test_a_lie_comes_not_in_and_is_told(tmp_path: Path) -> None:
    lies = Lies(files={"model.bin": bytes(8_000)})
    with wishing(tmp_path / "office", lies) as office:
        assert "announced the sha256" in office.settled("org/one")
        asked = len(lies.asked)
        office.ask("org/one")
        assert len(lies.asked) == asked, "it is not asked again so soon"
        assert open_cases(office.office) == []


def test_what_the_upstream_says_is_told_as_it_is(tmp_path: Path) -> None:
    lies = Lies(
        files={"model.bin": lambda answer: send(answer, b"", 403, X_Error_Code="GatedRepo", X_Error_Message="Ask us.")}
    )
    with wishing(tmp_path / "office", lies) as office:
        assert "model.bin: " in office.settled("org/one")
        assert "answers 403 GatedRepo: Ask us." in office.ask("org/one")
        assert office.repos() == 0


def test_names_that_are_somebodys_here_are_told_to_nobody(tmp_path: Path) -> None:
    """A private repository, a namespace of a token's holder, and what only does not name: the upstream never hears of it."""
    lies = Lies()
    with wishing(tmp_path / "office", lies, only=["org/*", "acme/*", "bob/*"]) as office:
        acme = Account("acme", "t", frozenset({"hub:write"}))
        office.hosting.create(acme, RepoName(Kind.MODEL, "acme", "secret"), {"private": True})
        secret(office.office, "bob")
        told = {
            office.ask(name).partition("model ")[2].partition(" ")[2]
            for name in ("acme/secret", "acme/other", "ACME/x")
        }
        assert told == {"here, or you may not see it."}, "what is there, and what is not, read the same"
        assert "fetched" not in office.ask("bob/one") + office.ask("else/one")
        assert lies.asked == []
        assert "fetched" in office.ask("org/one")


def test_nobody_makes_the_hub_fetch_without_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "HOURLY", 3)
    with wishing(tmp_path / "office", Lies(), total=0.000_02, repository=0.000_01) as office:
        for name in ("org/one", "org/two"):
            office.ask(name)
            assert "case" in office.settled(name)
        assert "more than the 4,000 bytes that there is room for" in office.settled("org/three")
        assert "you asked for 3 repositories within the hour" in office.ask("org/four")
        assert "is being fetched" in office.ask("org/four", "eve")
        office.settled("org/four", "eve")
        assert office.repos() == 2


def test_so_many_are_fetched_at_a_time_and_one_of_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "BUSY", 2)
    going: list[bool] = []

    def held(answer: object) -> None:
        wait_until(lambda: bool(going))
        send(answer, b"\0weights" * 1_000)

    lies = Lies(files={"model.bin": held})
    with wishing(tmp_path / "office", lies) as office:
        for _ in range(3):
            assert "is being fetched" in office.ask("org/one")
        assert "is being fetched" in office.ask("org/two")
        assert "2 repositories are being fetched just now" in office.ask("org/three")
        going.append(True)
        for name in ("org/one", "org/two"):
            assert "case" in office.settled(name)
        for name in ("one", "two"):
            assert sum(f"/org/{name}/resolve/" in path for path in lies.paths()) == 1


def kept(office: Office) -> int:
    """Files that came whole: both are fetched at a time, and the second may be asked for before the first is kept."""
    with office.engine.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(shelves.possessions)).scalar_one())


def outcomes(office: Office) -> list[str]:
    """What steps of jobs are kept to have come to."""
    with contextlib.closing(sqlite3.connect(office.settings.folder / "jobs.db")) as jobs:
        return [str(kept) for kept in jobs.execute("select output, error from operation_outputs")]


@pytest.mark.parametrize("signal", [9, 15])
def test_a_job_that_was_ended_is_gone_on_with(tmp_path: Path, signal: int) -> None:
    """While the second file comes: the process ends at once, and the next one fetches that file alone."""
    content, going = bytes(range(256)) * 100, list[bool]()

    def held(answer: object) -> None:
        wait_until(lambda: bool(going))
        send(answer, content)

    lies = Lies([row("first.bin"), row("second.bin", content)], {"first.bin": b"\0weights" * 1_000, "second.bin": held})
    with lying(lies) as there, Office(office_with(tmp_path / "office", there)) as office:
        port, ann = free_port(), secret(office, "ann")
        process = start(office.settings.folder, port)
        assert "is being fetched" in said(f"http://127.0.0.1:{port}", "org/one", ann)
        wait_until(lambda: sum("/resolve/" in path for path in lies.paths()) == 2 and kept(office) == 1)
        os.killpg(process.pid, signal)
        process.wait(20)
        assert open_cases(office) == []
        going.append(True)
        with serving(office) as here:
            wait_until(lambda: open_cases(office) == [1])
            wait_until(lambda: "case 1" in said(here, "org/one", ann))
    assert sum(path.endswith("first.bin") for path in lies.paths()) == 1


def test_that_a_process_ends_is_no_outcome(tmp_path: Path) -> None:
    """What was broken off for it stays a job that is going on, for the next process."""
    going: list[bool] = []

    def held(answer: object) -> None:
        wait_until(lambda: bool(going))
        send(answer, b"\0weights" * 1_000)

    lies = Lies(files={"model.bin": held})
    with wishing(tmp_path / "office", lies) as office:
        office.ask("org/one")
        wait_until(lambda: any("/resolve/" in path for path in lies.paths()))
        mirroring._halted.set()
        time.sleep(1)
        assert "is being fetched" in office.ask("org/one")
        assert outcomes(office.office) == []
        going.append(True)


def test_an_owner_that_holds_an_office_is_refused(tmp_path: Path) -> None:
    folder = office_with(tmp_path / "office", "http://127.0.0.1:9")
    text = (folder / "office.toml").read_text().replace('"mirror"', '"examiner"')
    (folder / "office.toml").write_text(text)
    with Office(folder) as office, pytest.raises(Refused, match="holds an office here"), Hosting(office).fetching():
        pass
