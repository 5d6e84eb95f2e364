"""A fine-tune of a model that lies at this hub is bound by what was decided of its base."""

import pytest
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from tests.doors.conftest import client, decide_all, open_cases
from tests.offices import found, write_model
from tests.servers import free_port

from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.cli.failure import Exit
from brightline.hub.host import Account, Operation, Push
from brightline.release.repository import Kind, RepoName

CARD = "---\nbase_model: {base}\n---\n# Tuned\n"


def pushed(account, name: str, folder, seed: int, base: str | None = None) -> None:
    model = write_model(folder, seed)
    if base is not None:
        (model / "README.md").write_text(CARD.format(base=base))
    account.create_repo(name)
    account.upload_folder(repo_id=name, folder_path=model)


def test_a_derivative_is_no_more_open_than_its_base(address, office, tmp_path) -> None:
    acme, ann, nobody = (client(address, office, who) for who in ("acme", "ann", None))
    pushed(acme, "acme/base", tmp_path / "base", 1)
    decide_all(office, weights="gated")
    pushed(ann, "ann/tuned", tmp_path / "tuned", 2, base="acme/base")
    decide_all(office)
    assert nobody.model_info("ann/tuned").brightline["access"]["weights"] == "gated"
    with pytest.raises(GatedRepoError, match="gated"):
        nobody.hf_hub_download("ann/tuned", "model.safetensors", local_dir=tmp_path / "down")


def test_a_base_that_the_pusher_may_not_see_is_none(address, office, tmp_path) -> None:
    """Else the case of whoever guesses a name would tell that it is here."""
    acme, ann = (client(address, office, who) for who in ("acme", "ann"))
    pushed(acme, "acme/hidden", tmp_path / "base", 3)
    with pytest.raises(RepositoryNotFoundError):
        ann.model_info("acme/hidden")
    pushed(ann, "ann/guess", tmp_path / "guess", 4, base="acme/hidden")
    pushed(acme, "acme/own", tmp_path / "own", 5, base="acme/hidden")
    bases = [office.read(lambda view, number=number: view.case(number)).base for number in open_cases(office)[-2:]]
    assert bases[0] is None
    assert bases[1] == office.read(lambda view: view.case(open_cases(office)[-3])).manifest


def test_pushes_are_judged_by_the_line_that_the_office_chose(brightline, tmp_path) -> None:
    folder = found(tmp_path / "office")
    (folder / "office.toml").write_text((folder / "office.toml").read_text() + 'line = "eu-gpai"\n')
    name, who = RepoName(Kind.MODEL, "acme", "one"), Account("acme", "t", frozenset({"hub:read", "hub:write"}))
    with Office(folder) as office:
        hub = Hosting(office)
        hub.create(who, name, {})
        hub.commit(who, name, "main", Push("first", "", None, [Operation("add", "README.md", b"# One")]))
        assert office.read(lambda view: view.case(1)).line.startswith("eu-gpai ")


def test_a_line_that_nobody_knows_is_told_before_the_hub_opens(brightline, tmp_path) -> None:
    folder = found(tmp_path / "office")
    (folder / "office.toml").write_text((folder / "office.toml").read_text() + 'line = "lesig"\n')
    done = brightline("serve", "--office", folder, "--port", free_port())
    assert done.returncode == Exit.NO_INPUT
    assert "there is no line lesig. Did you mean lessig?" in done.stderr
