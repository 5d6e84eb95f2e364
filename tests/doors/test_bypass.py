"""Every path to a byte x every access x everybody: 0 leaks. The matrix is printed by `pytest -s`."""

import hashlib
import json
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy
from huggingface_hub.errors import GatedRepoError
from tests.doors.conftest import client, decide_all, secret
from tests.offices import write_model

from brightline.assembly.deciding import notice_case
from brightline.assembly.hosting.people.vetting import vet
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.permit.order import Effect
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName

PEOPLE = ("nobody", "signed in", "accepted", "vetted", "other tenant", "owner", "examiner")
ACCOUNTS = {"signed in": "ann", "accepted": "bob", "vetted": "eve", "other tenant": "globex", "owner": "acme"}
MAY = {  # who has the weights, by access, while the determination is in force
    "open": set(PEOPLE),
    "gated": {"accepted", "vetted", "owner", "examiner"},
    "vetted": {"vetted", "examiner"},
    "api": {"examiner"},
    "withheld": {"examiner"},
}
PHASES = ("before", "decided", "ordered", "lifted", "recalled")
FILE = "model.safetensors"


def allowed(phase: str, access: str, who: str) -> bool:
    if phase == "before":
        return who in {"owner", "examiner"}
    if phase in {"ordered", "recalled"}:
        return who == "examiner"
    return who in MAY[access]


class World:
    """A release of one access, the people around it, and every way to its weights."""

    def __init__(self, address: str, office: Office, access: str, place: Path) -> None:
        self.address, self.office, self.access = address, office, access
        self.http = httpx.Client()
        self.name = f"acme/bypass-{access}"
        self.model = write_model(place, 100 + list(MAY).index(access))
        self.content = (self.model / FILE).read_bytes()
        self.sha256 = hashlib.sha256(self.content).hexdigest()
        self.tokens = {who: secret(office, ACCOUNTS.get(who, who)) for who in PEOPLE if who != "nobody"}
        acme = client(address, office, "acme")
        acme.create_repo(self.name)
        self.first = acme.upload_folder(repo_id=self.name, folder_path=self.model).oid
        acme.create_tag(self.name, tag="v1")
        acme.create_branch(self.name, branch="side")
        acme.create_branch(self.name, branch="gone")
        self.gone = acme.upload_file(
            path_or_fileobj=b"# Gone\n", path_in_repo="GONE.md", repo_id=self.name, revision="gone"
        ).oid
        acme.super_squash_history(self.name, branch="gone")
        self.acme, self.proposal = acme, "refs%2Fpr%2F1"
        globex = client(address, office, "globex")
        globex.create_repo(f"globex/bypass-{access}", exist_ok=True)

    def headers(self, who: str, **more: str) -> dict[str, str]:
        return {**({} if who == "nobody" else {"Authorization": f"Bearer {self.tokens[who]}"}), **more}

    def ways(self, who: str) -> dict[str, bool]:
        """Way -> whether a byte, or the digest of one, came by it."""
        files = [f"{self.address}/{self.name}/resolve/{rev}/{FILE}" for rev in ("main", "v1", "side", self.first)]
        files.append(f"{self.address}/{self.name}/resolve/refs%2Fheads%2Fmain/{FILE}")
        api = f"{self.address}/api/models/{self.name}"
        got = {f"GET {url.split('/resolve/')[1].split('/')[0][:8]}": self._bytes(who, url) for url in files}
        got["range"] = self._bytes(who, files[0], Range="bytes=10-19")
        got["HEAD"] = self.sha256 in str(self.http.head(files[0], headers=self.headers(who)).headers)
        lists = {
            "tree": self.http.get(f"{api}/tree/main?recursive=true", headers=self.headers(who)),
            "paths-info": self.http.post(f"{api}/paths-info/main", data={"paths": FILE}, headers=self.headers(who)),
            "info": self.http.get(f"{api}?blobs=true", headers=self.headers(who)),
        }
        got |= {f"listed by {way}": FILE in answer.text for way, answer in lists.items()}
        got["LFS download"] = self._batch(who, self.name, "download")
        got["LFS batch elsewhere"] = who == "other tenant" and self._claims(who)
        got["old revision"] = self._bytes(who, f"{self.address}/{self.name}/resolve/{self.gone}/{FILE}")
        pull = f"{self.address}/{self.name}/resolve/{self.proposal}"
        got |= {f"proposed {path}": self._bytes(who, f"{pull}/{path}") for path in (FILE, "copy.md")}
        got["copy"] = self._bytes(who, f"{self.address}/bob/bypass-{self.access}/resolve/main/{FILE}")
        got["LFS admin"] = self.sha256 in self.http.get(f"{api}/lfs-files", headers=self.headers(who)).text
        got["xet read token"] = (
            self.http.get(f"{api}/xet-read-token/main", headers=self.headers(who)).status_code == 200
        )
        return got

    def _bytes(self, who: str, url: str, **more: str) -> bool:
        answer = self.http.get(url, headers=self.headers(who, **more))
        assert answer.status_code < 500
        assert answer.status_code != 429
        return answer.status_code in (200, 206) and answer.content in self.content

    def _batch(self, who: str, name: str, operation: str) -> bool:
        wanted = {"operation": operation, "objects": [{"oid": self.sha256, "size": len(self.content)}]}
        url = f"{self.address}/{name}.git/info/lfs/objects/batch"
        answer = self.http.post(url, headers=self.headers(who), json=wanted)
        return answer.status_code == 200 and "upload" not in answer.json()["objects"][0].get("actions", {})

    def _claims(self, who: str) -> bool:
        """A commit elsewhere that names the digest, without its bytes."""
        name = f"globex/bypass-{self.access}"
        rows = [
            {"key": "header", "value": {"summary": "mine"}},
            {"key": "lfsFile", "value": {"path": FILE, "oid": self.sha256, "size": len(self.content)}},
        ]
        body = "\n".join(map(json.dumps, rows))
        done = self.http.post(f"{self.address}/api/models/{name}/commit/main", headers=self.headers(who), content=body)
        return done.status_code == 200 or self._batch(who, name, "upload")


BYTES = ("GET", "range", "HEAD")
NEVER = ("LFS download", "LFS batch elsewhere", "xet read token", "old revision")
FEW = {  # what only some have at all, and then as far as they have the weights themselves
    f"proposed {FILE}": {"signed in", "owner", "examiner"},
    "proposed copy.md": {"signed in", "owner", "examiner"},
    "copy": {"accepted", "examiner"},
    "LFS admin": {"owner"},
}


@pytest.mark.parametrize("access", MAY)
def test_no_path_leads_to_a_byte_that_is_not_granted(address: str, office: Office, tmp_path: Path, access: str) -> None:
    world, tally = World(address, office, access, tmp_path / "model"), Counter[str]()
    narrower = {} if access == "open" else {"weights": access}
    for phase in PHASES:
        _bring(world, phase, narrower)
        for who in PEOPLE:
            may, rows = allowed(phase, access, who), world.ways(who)
            for way, came in rows.items():
                tally["ways"] += 1
                if way in NEVER:
                    assert not came, f"{access}, {phase}, {who}: {way}"
                elif way in FEW:
                    due = who in FEW[way] and (may or way == "LFS admin")
                    assert due or not came, f"{access}, {phase}, {who}: {way} leaks"
                    tally[way] += came
                elif way.startswith(BYTES):
                    assert came == may, f"{access}, {phase}, {who}: {way} {'leaks' if came else 'is refused'}"
                elif came:
                    hidden = who != "examiner" and (who != "owner" if phase == "before" else access == "withheld")
                    assert not hidden, f"{access}, {phase}, {who}: {way}"
            print(f"{access:<9} {phase:<9} {who:<13} {'may' if may else '-':<4} {len(rows)} ways, 0 leaks")  # noqa: T201 - the matrix
    assert tally["ways"] == len(PHASES) * len(PEOPLE) * 18
    world.http.close()
    reached = {way for way in FEW if tally[way]}
    assert reached >= ({*FEW} if access in ("open", "gated") else {"LFS admin"}), "a way was never gone"


def _bring(world: World, phase: str, narrower: dict[str, str]) -> None:
    office = world.office
    if phase == "decided":
        world.case = next(case for case in decide_all(office, **narrower) if case.applicant == "acme")
        _propose_and_copy(world)
        vet(office, RepoName(Kind.MODEL, *world.name.split("/")), "eve", office.clock().replace(year=2030))
    if phase == "ordered":
        world.order = issue_order(office, world.case.manifest, (Component.WEIGHTS,), "everybody", "now", None)
    if phase == "lifted":
        lift_order(office, world.order.order.number, "over")
    if phase == "recalled":
        notice_case(office, world.case.number, "recall", Effect.RECALLED, "officer", "an incident")


def _propose_and_copy(world: World) -> None:
    """A stranger's proposal that carries the weights along, under another path too; and a copy by who may have one."""
    world.acme.grant_access(world.name, user="bob")
    ann, bob = (client(world.address, world.office, who) for who in ("ann", "bob"))
    known = FILE in ann.list_repo_files(world.name)
    copies = [CommitOperationCopy(FILE, "copy.md")] if known else []
    operations = [CommitOperationAdd("A.md", b"a"), *copies]
    made = ann.create_commit(world.name, operations, commit_message="x", create_pr=True)
    world.proposal = f"refs%2Fpr%2F{made.pr_num}"
    with suppress(GatedRepoError):
        bob.duplicate_repo(world.name)


def test_a_running_download_is_cut_by_an_order(address: str, office: Office, tmp_path: Path) -> None:
    """The first bytes come, the order falls, and the rest never does."""
    acme = client(address, office, "acme")
    acme.create_repo("acme/slow")
    model = write_model(tmp_path / "model", 77)
    (model / "big.bin").write_bytes(bytes(256) * (1 << 19))
    acme.upload_folder(repo_id="acme/slow", folder_path=model)
    case = next(case for case in decide_all(office, weights="gated") if case.applicant == "acme")
    url, headers = f"{address}/acme/slow/resolve/main/big.bin", {"Authorization": f"Bearer {acme.token}"}
    with httpx.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        rest = answer.iter_raw(1 << 16)
        got = [next(rest)]
        issue_order(office, case.manifest, (Component.WEIGHTS,), "everybody", "now", None)
        time.sleep(1)
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(rest)
    assert 0 < sum(map(len, got)) < (model / "big.bin").stat().st_size
