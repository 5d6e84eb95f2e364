"""The previous minor client, huggingface_hub 2.3, in processes of its own: what it pushes, fetches, asks for, is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.doors.conftest import client, decide_all, secret
from tests.offices import write_model

from brightline.assembly.office import Office

PLACE = Path(__file__).parents[2] / os.environ.get("CACHE", ".cache") / "clients" / "2.3"
pytestmark = pytest.mark.skipif(
    not (PLACE / "huggingface_hub").is_dir(),
    reason="the previous client is not here: `make .cache/clients/2.3` fetches it",
)
HEAD = """
import json
import huggingface_hub
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
assert huggingface_hub.__version__.startswith("2.3."), huggingface_hub.__version__
api = HfApi()
def refused(work):
    try:
        work()
    except Exception as trouble:
        return f"{type(trouble).__name__}: {trouble}"
    return "done"
"""


def run(address: str, home: Path, token: str, code: str, xet: bool = True) -> list[object]:
    """What it prints, a JSON value a line."""
    dropped = ("HF_TOKEN", "HF_HUB_CACHE", "HF_XET_CACHE")
    own = {"HF_ENDPOINT": address, "HF_HOME": str(home), "PYTHONPATH": str(PLACE), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    own |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "0" if xet else "1"}
    own |= {"HF_TOKEN": token} if token else {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
    environment = {key: value for key, value in os.environ.items() if key not in dropped} | own
    command = [sys.executable, "-c", HEAD + code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr[-3_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


PUSH = """
name, folder = {arguments!r}
print(json.dumps(api.create_repo(name).repo_id))
api.upload_folder(repo_id=name, folder_path=folder)
first = api.model_info(name).sha
again = api.upload_folder(repo_id=name, folder_path=folder)
print(json.dumps(again.oid == first))
operations = [CommitOperationCopy("model.safetensors", "second.safetensors"), CommitOperationAdd("a/b.txt", b"b")]
api.create_commit(name, operations, commit_message="more")
api.create_commit(name, [CommitOperationDelete("a/")], commit_message="less")
print(json.dumps(sorted(api.list_repo_files(name))))
api.create_tag(name, tag="v1")
print(json.dumps([one.title for one in api.list_repo_commits(name)][:2]))
"""
FETCH = """
name, place = {arguments!r}
from pathlib import Path
down = api.snapshot_download(name, allow_patterns=["*.json", "*.md"], local_dir=place)
print(json.dumps(sorted(path.name for path in Path(down).iterdir() if path.is_file())))
print(json.dumps([one.id for one in api.list_models(author="acme") if one.id == name]))
print(json.dumps(refused(lambda: api.hf_hub_download(name, "model.safetensors"))))
print(json.dumps(refused(lambda: api.auth_check(name))))
print(json.dumps(refused(lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x.md", repo_id=name))))
"""


@pytest.mark.parametrize("xet", [True, False])
def test_what_is_pushed_is_fetched_asked_for_and_refused(
    address: str, office: Office, tmp_path: Path, xet: bool
) -> None:
    name, model = f"acme/previous-{xet}".lower(), write_model(tmp_path / "model", 600 + xet)
    files = sorted(path.name for path in model.iterdir())
    said = run(address, tmp_path / "acme", secret(office, "acme"), PUSH.format(arguments=(name, str(model))), xet)
    assert said == [name, True, sorted([".gitattributes", *files, "second.safetensors"]), ["less", "more"]]
    decide_all(office, weights="gated")
    bob = secret(office, "bob")
    for who, token in (("nobody", ""), ("bob", bob)):
        code = FETCH.format(arguments=(name, str(tmp_path / who)))
        listed, found, weights, check, pushed = run(address, tmp_path / f"home-{who}", token, code, xet)
        assert (listed, found) == (["README.md", "config.json"], [name])
        for refused in (weights, check):
            assert ("GatedRepoError" in str(refused), "gated by determination" in str(refused)) == (True, True)
        assert ("sign in" if who == "nobody" else "accept its terms") in str(weights)
        assert pushed != "done"
    client(address, office, "acme").grant_access(name, user="bob")
    code = f"print(json.dumps(refused(lambda: api.hf_hub_download({name!r}, 'model.safetensors'))))"
    assert run(address, tmp_path / "home-bob", bob, code, xet) == ["done"]
