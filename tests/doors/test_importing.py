"""Import from another hub: two real offices, the stock client at the one that imports, and a source that lies."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess, run

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from tests.desk.conftest import start
from tests.doors.conftest import client, decide_all, open_cases, secret
from tests.offices import DECLARED, found, write_model
from tests.servers import free_port

from brightline.assembly.exposing import told_of
from brightline.assembly.office import Office

MODEL, DATASET = "globex/tiny", "globex/rows"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Office]]:
    """Another office's hub, with a model and a dataset that anybody may have."""
    place = tmp_path_factory.mktemp("source")
    with Office(found(place / "office")) as office:
        port = free_port()
        process = start(office.settings.folder, port)
        address = f"http://127.0.0.1:{port}"
        globex = client(address, office, "globex")
        globex.create_repo(MODEL)
        model = write_model(place / "model", 11)
        (model / "deep").mkdir()
        (model / "deep" / "vocab ä.txt").write_text("one\n")
        (model / "empty.txt").write_bytes(b"")
        globex.upload_folder(repo_id=MODEL, folder_path=model)
        globex.create_repo(DATASET, repo_type="dataset")
        rows = place / "rows"
        (rows / "data").mkdir(parents=True)
        pq.write_table(pa.table({"text": [f"row {n}" for n in range(500)]}), rows / "data" / "train-0.parquet")
        (rows / "README.md").write_text("# Rows\n")
        (rows / "brightline.toml").write_text(DECLARED)
        globex.upload_folder(repo_id=DATASET, repo_type="dataset", folder_path=rows)
        decide_all(office)
        yield address, office
        os.killpg(process.pid, 15)
        process.wait(20)


def brightline(office: Office, *arguments: str, **environment: str) -> CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("brightline")), *arguments, "--office", str(office.settings.folder)]
    return run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=120)


def imported(office: Office, *arguments: str, **environment: str) -> dict[str, object]:
    done = brightline(office, "hub", "import", *arguments, "--format", "json", **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def digest_of(folder: Path) -> str:
    """As the documentation says that anybody makes it."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "import-from-another-hub.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith("find . "))
    return f"sha256:{run(['bash', '-c', line], cwd=folder, capture_output=True, text=True, check=True).stdout[:64]}"


def test_a_model_is_imported_decided_and_downloaded(address: str, office: Office, source, tmp_path: Path) -> None:
    there, other = source
    made = imported(office, MODEL, "--from", there, "--as", "acme/tiny")
    theirs = client(there, other, None)
    sha = theirs.model_info(MODEL).sha
    assert made["source"]["commit"] == sha
    assert made["changed"]
    nobody, acme = client(address, office, None), client(address, office, "acme")
    for who in (nobody, client(address, office, "ann")):
        with pytest.raises(RepositoryNotFoundError):
            who.model_info("acme/tiny")
        assert not [one for one in who.list_models() if one.id == "acme/tiny"]
    assert httpx.get(f"{address}/acme/tiny/resolve/main/README.md").status_code == 401
    assert acme.model_info("acme/tiny").sha == made["revision"]
    assert open_cases(office) == [made["case"]]
    decide_all(office)
    folder = Path(nobody.snapshot_download("acme/tiny", local_dir=tmp_path / "here"))
    theirs.snapshot_download(MODEL, local_dir=tmp_path / "there")
    names = {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts
    }
    assert {"model.safetensors", "deep/vocab ä.txt", "empty.txt"} < names
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "there" / name).read_bytes()
    origin = nobody.model_info("acme/tiny").brightline["origin"]
    assert (origin["endpoint"], origin["repository"], origin["commit"]) == (there, MODEL, sha)
    for place in (folder, tmp_path / "there"):
        assert origin["digest"] == digest_of(place)
    commit = nobody.list_repo_commits("acme/tiny")[0]
    assert f"{there}/{MODEL}@{sha}" in commit.message
    assert origin["digest"] in commit.message
    ids = {
        one.path: (one.blob_id, one.lfs) for one in theirs.list_repo_tree(MODEL, recursive=True) if hasattr(one, "lfs")
    }
    own = nobody.list_repo_tree("acme/tiny", recursive=True)
    assert {one.path: (one.blob_id, one.lfs) for one in own if hasattr(one, "lfs")} == ids


def test_the_same_commit_changes_nothing_and_a_newer_one_comes_on_top(
    address: str, office: Office, source, tmp_path: Path
) -> None:
    there, other = source
    first = imported(office, MODEL, "--from", there, "--as", "acme/again")
    again = imported(office, MODEL, "--from", there, "--as", "acme/again")
    assert (again["changed"], again["fetched"]) == (False, 0)
    assert again["revision"] == first["revision"]
    assert again["source"] == first["source"]
    decide_all(office)
    globex = client(there, other, "globex")
    globex.upload_file(path_or_fileobj=b"more\n", path_in_repo="more.txt", repo_id=MODEL)
    decide_all(other)
    newer = imported(office, MODEL, "--from", there, "--as", "acme/again")
    assert (newer["changed"], newer["fetched"]) == (True, 5), "what is here already is not fetched again"
    acme, nobody = client(address, office, "acme"), client(address, office, None)
    assert [one.commit_id for one in acme.list_repo_commits("acme/again")][:2] == [newer["revision"], first["revision"]]
    assert nobody.model_info("acme/again").sha == first["revision"], "the decided one goes on being served"
    decide_all(office)
    assert nobody.model_info("acme/again").sha == newer["revision"]
    listed = json.loads(brightline(office, "hub", "sources", "acme/again", "--format", "json").stdout)["sources"]
    assert [one["revision"] for one in listed] == [first["revision"], newer["revision"]]


def test_a_dataset_with_parquet_is_imported(address: str, office: Office, source, tmp_path: Path, monkeypatch) -> None:
    there, _ = source
    imported(office, f"datasets/{DATASET}", "--from", there, "--as", "acme/rows")
    decide_all(office)
    nobody = client(address, office, None)
    got = nobody.hf_hub_download("acme/rows", "data/train-0.parquet", repo_type="dataset", local_dir=tmp_path)
    assert pq.read_table(got)["text"].to_pylist()[-1] == "row 499"


def ways(address: str, name: str, kind: str = "models") -> dict[str, tuple[str, str, dict[str, object]]]:
    """Every read of a repository."""
    api, site = f"{address}/api/{kind}/{name}", f"{address}/{'' if kind == 'models' else f'{kind}/'}{name}"
    gets = ("", "/revision/main", "/tree/main", "/refs", "/commits/main", "/auth-check", "/xet-read-token/main")
    return {
        **{f"GET {end}": ("GET", f"{api}{end}", {}) for end in gets},
        "paths-info": ("POST", f"{api}/paths-info/main", {"data": {"paths": "model.safetensors"}}),
        **{f"{act} file": (act, f"{site}/resolve/main/model.safetensors", {}) for act in ("GET", "HEAD")},
        "LFS": ("POST", f"{site}.git/info/lfs/objects/batch", {"json": {"operation": "download", "objects": []}}),
    }


def test_no_way_leads_to_it_before_the_decision(address: str, office: Office, source, tmp_path: Path) -> None:
    """Not even to its being there: every answer is the one of a name that nobody has."""
    there, other = source
    globex = client(there, other, "globex")
    globex.create_repo("globex/hidden")
    globex.upload_folder(repo_id="globex/hidden", folder_path=write_model(tmp_path / "model", 12))
    decide_all(other)
    made = imported(office, "globex/hidden", "--from", there, "--as", "acme/hidden")
    tokens = [None, secret(office, "ann"), secret(office, "globex")]
    for token in tokens:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        for way, (act, url, more) in ways(address, "acme/hidden").items():
            answer = httpx.request(act, url, headers=headers, **more)
            other = httpx.request(act, url.replace("hidden", "nowhere"), headers=headers, **more)
            assert answer.status_code in (401, 403, 404), way
            assert answer.text.replace("hidden", "nowhere") == other.text, way
            known = httpx.get(f"{address}/acme/hidden/resolve/{made['revision']}/README.md", headers=headers)
            assert known.status_code == (401 if token is None else 404)
    decide_all(office, weights="gated")
    ann, acme = client(address, office, "ann"), client(address, office, "acme")
    with pytest.raises(GatedRepoError, match="accept its terms"):
        ann.hf_hub_download("acme/hidden", "model.safetensors", local_dir=tmp_path)
    acme.grant_access("acme/hidden", user="ann")
    assert ann.hf_hub_download("acme/hidden", "model.safetensors", local_dir=tmp_path)
    told, _ = office.read(lambda view: told_of(view, view.case(made["case"]).manifest))
    assert [one.caller for one in told] == ["ann"], "whoever has gated bytes is known, as ever"


def test_what_somebody_has_here_is_not_replaced(address: str, office: Office, source, tmp_path: Path) -> None:
    there, _ = source
    acme = client(address, office, "acme")
    acme.create_repo("acme/own")
    for name in ("acme/own", "acme/OWN"):
        done = brightline(office, "hub", "import", MODEL, "--from", there, "--as", name, "--owner", "acme")
        assert (done.returncode, "is here already" in done.stderr) == (5, True)
    imported(office, MODEL, "--from", there, "--as", "acme/touched")
    acme.upload_file(path_or_fileobj=b"mine\n", path_in_repo="mine.txt", repo_id="acme/touched")
    done = brightline(office, "hub", "import", MODEL, "--from", there, "--as", "acme/touched")
    assert (done.returncode, "commits of its own" in done.stderr) == (5, True)
    other = brightline(office, "hub", "import", DATASET, "--from", there, "--as", "acme/touched")
    assert "answers 401 RepoNotFound" in other.stderr
    held = brightline(office, "hub", "import", MODEL, "--from", there, "--as", "acme/held", "--owner", "examiner")
    assert (held.returncode, "holds an office" in held.stderr) == (5, True)


def test_a_source_that_says_no_is_told_as_it_is(office: Office, source) -> None:
    there, _ = source
    for arguments, said in (
        ((MODEL, "--from", "ftp://example.org"), "is no address of a hub"),
        ((MODEL, "--from", "https://user:secret@example.org"), "put a token into HF_TOKEN"),
        (("acme", "--from", there), "is no repository"),
    ):
        done = brightline(office, "hub", "import", *arguments)
        assert (done.returncode, said in done.stderr) == (64, True)
    gone = brightline(office, "hub", "import", MODEL, "--from", there, "--revision", "v9")
    assert (gone.returncode, "answers 404 RevisionNotFound" in gone.stderr) == (5, True)
    forged = brightline(office, "hub", "import", MODEL, "--from", there, HF_TOKEN="bl_wrong")
    assert (forged.returncode, "401" in forged.stderr) == (5, True)
