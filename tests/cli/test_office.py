"""The office's commands: wrong calls end in one sentence, a documented code, and nothing done."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.offices import decided, examined, file_case, found, write_model
from tests.servers import free_port

from brightline.assembly.office import Office
from brightline.assembly.record import prove_entry

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found(tmp_path_factory.mktemp("contract") / "office")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("case", "show", "3"), 5, "there is no case 3"),
        (("case", "show", "x"), 64, "--help"),
        (("case", "file", "/nowhere/at/all"), 66, "there is nothing at"),
        (("case", "draft", "1", "--narrow", "weights=ajar"), 64, "weights=gated"),
        (("case", "nonsense", "1"), 64, "--help"),
        (("permit", "export", "1", "-o", "papers"), 5, "there is no case 1"),
        (("order", "issue", "--release", "1", "--component", "soul"), 64, "components are"),
        (("order", "issue", "--release", "sha256:1", "--component", "weights"), 64, "--release"),
        (("order", "lift", "7"), 5, "there is no order 7"),
        (("log", "prove", "99"), 5, "there is no entry 99"),
        (("log", "witness", "http://127.0.0.1:1"), 5, "does not answer"),
        (("token", "create", "x", "--scope", "everything"), 64, "is no scope"),
        (("token", "create", "x" * 201, "--scope", "cases:read"), 64, "1 to 200 printable letters"),
        (("token", "create", "x", "--holder", "", "--scope", "cases:read"), 64, "1 to 200 printable letters"),
        (("hub", "quota", "x" * 201), 64, "1 to 200 printable letters"),
        (("hub", "quota", "a\nb", "--bytes", "1 GB"), 64, "1 to 200 printable letters"),
        (
            ("token", "create", "x", "--scope", "hub:read", "--attribute", "country=DE", "--attribute", "country=FR"),
            64,
            "said once",
        ),
        (("token", "revoke", "00000000"), 5, "there is no token"),
        (("serve", "--port", "80000"), 64, "is no port"),
        (("case", "show", "9" * 23), 64, "is no number"),
        (("case", "draft", "1", "--expires", "99999999d"), 64, "longer than a hundred years"),
        (("case", "draft", "1", "--expires", "9999-12-31T23:59:59-14:00"), 64, "out of the calendar"),
        (("case", "suspend", "1", "--reason", "x"), 5, "there is no case 1"),
        (("serve", "--host", "nowhere.invalid"), 5, "nobody can listen"),
        (("charter", "adopt", "/nowhere"), 66, "cannot be read"),
    ],
)
def test_a_wrong_call_is_a_sentence_and_a_code(
    brightline: Run, office: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = brightline(*words, *(() if code == 64 and words[1] == "nonsense" else ("--office", office)))
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.startswith("brightline: ")


def test_a_port_that_is_taken_is_not_shared(brightline: Run, office: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = brightline("serve", "--office", office, "--port", other.getsockname()[1])
    assert (done.returncode, "Choose --host and --port" in done.stderr) == (5, True)


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [('address = "nonsense"', 66, "http://HOST"), ('witness = ["x"]', 66, "'x' is no verifier key")],
)
def test_an_office_that_says_what_means_nothing_is_not_served(
    brightline: Run, tmp_path: Path, setting: str, code: int, said: str
) -> None:
    place = found(tmp_path / "office") / "office.toml"
    place.write_text(f"{setting}\n{place.read_text()}")
    done = brightline("serve", "--office", place.parent, "--port", free_port())
    assert (done.returncode, said in done.stderr) == (code, True)


@pytest.mark.parametrize(
    "words",
    [
        ("--approvers", "1"),
        ("--approvers", "1000000"),
        ("--threshold", "1"),
        ("--name", "two words"),
        ("--delay", "x"),
        ("--hearing", "12h"),
        ("--database", "postgresql://nobody@127.0.0.1:1/none"),
        ("--database", "postgresql://nobody@127.0.0.1:nope/none"),
        ("--database", 'mysql://"quoted"'),
        ("--blobs", "gopher://nowhere"),
    ],
)
def test_an_office_that_could_not_work_is_not_founded(brightline: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = brightline("init", tmp_path / "office", *words)
    assert done.returncode in (64, 66)
    assert not (tmp_path / "office").exists()


def test_an_office_is_never_founded_twice(brightline: Run, office: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in office.rglob("*.pem"))
    assert brightline("init", office).returncode == 66
    assert sorted((path, path.stat().st_mtime_ns) for path in office.rglob("*.pem")) == before


def test_a_folder_with_something_in_it_is_left_alone(brightline: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert brightline("init", tmp_path).returncode == 66
    assert [place.name for place in tmp_path.iterdir()] == ["mine"]


def test_what_an_office_holds_is_its_owners_alone(office: Path) -> None:
    assert office.stat().st_mode & 0o77 == 0
    assert all(place.stat().st_mode & 0o77 == 0 for place in (office / "office.toml", office / "passphrase"))


def test_a_token_is_shown_once_and_takes_its_scopes_in_either_way(brightline: Run, office: Path) -> None:
    words = ("token", "create", "ci", "--scope", "cases:read", "cases:file", "--scope", "metrics:read")
    made = json.loads(brightline(*words, "--office", office, "--format", "json").stdout)
    assert made["scopes"] == ["cases:file", "cases:read", "metrics:read"]
    listed = brightline("token", "list", "--office", office).stdout
    assert made["id"] in listed
    assert made["token"] not in listed


def test_what_an_applicant_writes_is_one_line_of_a_list(brightline: Run, office: Path, tmp_path: Path) -> None:
    model, spoof = write_model(tmp_path / "model"), "Tiny by acme\n   9  in force        Huge by acme"
    assert brightline("case", "file", model, "--title", spoof, "--office", office).returncode == 0
    assert len(brightline("case", "list", "--office", office).stdout.splitlines()) == 1


def test_a_proof_and_a_checkpoint_keep_their_lines(brightline: Run, office: Path) -> None:
    with Office(office) as opened:
        proof = opened.read(lambda view: prove_entry(view, 0))
        note = opened.read(lambda view: view.log.checkpoint()).note()
    assert brightline("log", "prove", "0", "--office", office).stdout == proof
    assert brightline("log", "checkpoint", "--office", office).stdout.startswith(note)


def test_a_permit_says_when_it_takes_effect_whatever_became_of_it(brightline: Run, tmp_path: Path) -> None:
    with Office(found(tmp_path / "office", delay=86_400)) as office:
        case = file_case(office, write_model(tmp_path / "model"))
        examined(office, case.number)
        decided(office, case.number)
    shown = brightline("case", "show", "1", "--office", tmp_path / "office").stdout
    assert ": waiting; effective 20" in shown


def test_a_recall_that_could_not_say_whom_to_tell_is_told_before(brightline: Run, tmp_path: Path) -> None:
    with Office(found(tmp_path / "office")) as office:
        case = file_case(office, write_model(tmp_path / "model"))
        examined(office, case.number)
        decided(office, case.number)
    words = ("case", "recall", "1", "--reason", "x", "--office", tmp_path / "office")
    refused = brightline(*words, "-o", tmp_path / "nowhere" / "tell.csv")
    assert (refused.returncode, "Nothing was recalled" in refused.stderr) == (64, True)
    done = brightline(*words, "-o", tmp_path / "tell.csv")
    assert (done.returncode, "weights) was not written down" in done.stdout) == (0, True)
    assert (tmp_path / "tell.csv").read_text().startswith("caller,")


@pytest.mark.parametrize("words", [("inspect", "--declare"), ("assess", "--evidence")])
def test_a_file_without_an_end_is_not_read_into_memory(brightline: Run, tmp_path: Path, words: tuple[str, str]) -> None:
    done = brightline(words[0], write_model(tmp_path / "model"), words[1], "/dev/zero")
    assert (done.returncode, "nothing that is read here is so long" in done.stderr) == (66, True)


def test_a_database_that_is_damaged_is_told(brightline: Run, tmp_path: Path) -> None:
    folder = found(tmp_path / "office")
    (folder / "office.db").write_bytes(b"no database" * 1_000)
    done = brightline("case", "list", "--office", folder)
    assert (done.returncode, "restore a backup" in done.stderr) == (66, True)
