"""`brightline verify` and `exec` on a real folder: exactly the permitted files, or the sentence that says which is not."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from base64 import b64decode
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.offices import decided, examined, file_case, found, write_model

import brightline
from brightline.assembly.export import write_export
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused

PACKAGE = Path(brightline.__path__[0])
COMMAND = str(Path(sys.executable).with_name("brightline"))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A permit in force: the model, and the folder with its papers."""
    place = tmp_path_factory.mktemp("released")
    with Office(found(place / "office")) as office:
        file_case(office, write_model(place / "model"))
        examined(office, 1)
        decided(office, 1)
        write_export(office, 1, place / "papers")
    return place


@pytest.fixture
def place(released, tmp_path):
    """A copy for one test to spoil."""
    shutil.copytree(released / "model", tmp_path / "model")
    shutil.copytree(released / "papers", tmp_path / "papers")
    return tmp_path


def verified(place, **options):
    return brightline.verify(place / "model", place / "papers" / "permit.json", **options)


def files_said(place):
    verification = verified(place)
    assert [check.name for check in verification.checks if not check.held] == ["files"]
    return verification.checks[-1].sentence


def test_five_lines_of_a_library(place):
    verification = verified(place)
    assert verification
    assert verification.permit.access["weights"] == "open"
    assert [check.name for check in verification.checks if not check.held] == []


def spoil(name, change):
    def apply(place):
        change(place / "model", place / "model" / name)

    return apply


def linked(folder, file):
    file.rename(folder.parent / "elsewhere")
    file.symlink_to(folder.parent / "elsewhere")


def linked_folder(folder, file):
    (folder.parent / "elsewhere").mkdir()
    file.symlink_to(folder.parent / "elsewhere")


def flipped(_folder, file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def listening(_folder, file):
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(file.parent)
        server.bind(file.name)
        os.chdir(here)


def piped(_folder, file):
    file.unlink()
    os.mkfifo(file)


SPOILED = {
    "a byte flipped": (spoil("model.safetensors", flipped), "model.safetensors is not what was permitted"),
    "a file cut": (spoil("config.json", lambda _, file: file.write_text("{")), "config.json is not what was permitted"),
    "a file gone": (spoil("config.json", lambda _, file: file.unlink()), "config.json is missing"),
    "a file more": (spoil("pytorch_model.bin", lambda _, file: file.write_text("")), "pytorch_model.bin is not in the permit"),
    "a hidden file": (spoil(".x", lambda _, file: file.write_text("")), ".x is not in the permit"),
    "a file further down": (
        spoil("a", lambda _, file: (file.mkdir(), (file / "b").write_text(""))),
        "a/b is not in the permit",
    ),
    "a link": (spoil("config.json", linked), "config.json is a link"),
    "a link to a folder": (spoil("code", linked_folder), "code is a link"),
    "a link that leads nowhere": (spoil("x", lambda _, file: file.symlink_to("nowhere")), "x is a link"),
    "a pipe": (spoil("pipe", lambda _, file: os.mkfifo(file)), "pipe is no regular file"),
    "a socket": (spoil("sock", listening), "sock is no regular file"),
    "a pipe in the place of a file": (
        spoil("config.json", piped),
        "config.json is no regular file",
    ),
    "another spelling": (
        spoil("config.json", lambda folder, file: file.rename(folder / "Config.json")),
        "Config.json is not in the permit",
    ),
    "a name that is no text": (
        spoil("x", lambda folder, _: Path(os.fsdecode(bytes(folder) + b"/\xff\x1b[31m")).write_text("")),
        "has a name that is no text",
    ),
    "a folder in the place of a file": (
        spoil("config.json", lambda _, file: (file.unlink(), file.mkdir())),
        "config.json is missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_folder_that_is_not_exactly_as_permitted_is_told(place, spoiled):
    change, sentence = SPOILED[spoiled]
    change(place)
    assert sentence in files_said(place)


def test_an_empty_folder_holds_nothing(place):
    shutil.rmtree(place / "model")
    (place / "model").mkdir()
    assert "and 0 more" not in files_said(place)


def test_papers_may_lie_apart(place):
    (place / "papers" / "charter.json").rename(place / "charter")
    (place / "papers" / "permit.tlog-proof").rename(place / "proof")
    with pytest.raises(Refused, match="`brightline permit export` writes all three"):
        verified(place)
    assert verified(place, charter=place / "charter", proof=place / "proof")


def test_who_asks_for_more_freshness_is_refused_what_is_older(place):
    assert not verified(place, max_age=timedelta(0))


def test_an_office_that_does_not_answer_proves_nothing(place):
    verification = verified(place, online="http://127.0.0.1:9")
    assert [check.name for check in verification.checks if not check.held] == ["online"]


FIXTURES = Path(__file__).parents[1] / "proof" / "fixtures" / "model-signing"


def test_a_publishers_signature_over_other_files_is_told(place):
    shutil.copy(FIXTURES / "certificate.sig", place / "model.sig")
    verification = verified(place)
    assert not verification
    assert "signed over other bytes" in verification.checks[-1].sentence


def command(place, *words, papers="papers"):
    line = [COMMAND, words[0], "--permit", str(place / papers / "permit.json"), str(place / "model"), *words[1:]]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_a_root_that_is_named_has_to_be_the_first_charters(place):
    content = json.loads((place / "papers" / "charter.json").read_text())["versions"][0]["payload"]
    root = "sha256:" + hashlib.sha256(b64decode(content)).hexdigest()
    assert verified(place, root=root)
    other = verified(place, root="sha256:" + "0" * 64)
    assert [check.name for check in other.checks if not check.held] == ["root"]


def test_a_folder_as_deep_as_the_disk_allows_is_read(place):
    folder = place / "model"
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1_200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert verified(place), "empty folders hold no bytes"
    (folder / "d" / "d" / "more").write_text("")
    assert "d/d/more is not in the permit" in files_said(place)
    subprocess.run(["/bin/rm", "-r", str(folder / "d")], check=True)  # deeper than the test runner can clean up


@pytest.mark.parametrize("name", ["charter.json", "permit.tlog-proof"])
def test_a_paper_that_is_a_pipe_or_endless_is_refused_at_once(place, name):
    (place / "papers" / name).unlink()
    os.mkfifo(place / "papers" / name)
    with pytest.raises(Refused, match="no file of at most"):
        verified(place)
    (place / "papers" / name).unlink()
    (place / "papers" / name).symlink_to("/dev/zero")
    with pytest.raises(Refused, match="no file of at most"):
        verified(place)


def test_a_file_of_another_size_is_not_read_to_its_end(place):
    with (place / "model" / "model.safetensors").open("ab") as file:
        file.truncate(1 << 40)
    assert "model.safetensors is not what was permitted" in files_said(place)


def test_a_terminal_without_our_letters_shows_others(place):
    done = subprocess.run(
        [COMMAND, "verify", "--permit", str(place / "papers" / "permit.json"), str(place / "model")],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout.startswith(b"? charter")) == (0, True)


def fits(schema, document):
    Draft202012Validator(json.loads((PACKAGE / schema).read_text())).validate(document)


def test_what_an_office_issues_and_the_command_prints_fits_the_schemas(place):
    envelope = json.loads((place / "papers" / "permit.json").read_text())
    fits("permit/schemas/permit-v1.schema.json", json.loads(b64decode(envelope["payload"])))
    charter = json.loads((place / "papers" / "charter.json").read_text())["versions"][0]
    fits("permit/schemas/charter-v1.schema.json", json.loads(b64decode(charter["payload"])))
    fits("reports/schemas/verification-v1.schema.json", json.loads(command(place, "verify", "--format", "json").stdout))


def test_the_command_prints_what_was_proven_and_ends_with_its_code(place):
    done = command(place, "verify", "--format", "json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["proven"]) == (0, True)
    (place / "model" / "more").write_text("")
    done = command(place, "verify", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["proven"]) == (6, False)


def test_exec_becomes_the_command_or_runs_nothing(place):
    marker = place / "ran"
    run = ["exec", "--", sys.executable, "-c", f"open({str(marker)!r}, 'w').close(); raise SystemExit(7)"]
    (place / "model" / "more").write_text("")
    refused = command(place, *run)
    assert (refused.returncode, marker.exists()) == (6, False)
    assert "was not run" in refused.stderr
    (place / "model" / "more").unlink()
    assert (command(place, *run).returncode, marker.exists()) == (7, True)


@pytest.mark.parametrize("missing", ["model", "papers"])
def test_what_is_not_there_is_a_sentence_and_a_code(place, missing):
    shutil.rmtree(place / missing)
    done = command(place, "verify")
    assert done.returncode in (5, 66)
    assert done.stderr.startswith("brightline: ")
    assert "Traceback" not in done.stderr


def test_verifying_imports_nothing_heavy():
    code = "import sys, brightline; brightline.verify; print(' '.join(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "numpy",
        "sqlalchemy",
        "fastapi",
        "pydantic",
        "dbos",
        "obstore",
        "torch",
        "securesystemslib",
        "yaml",
        "httpx",
    }
    assert not heavy & set(loaded)
