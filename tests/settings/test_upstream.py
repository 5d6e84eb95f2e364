"""[upstream] in office.toml: what it may hold, and what it is where it says little."""

from pathlib import Path

import pytest

from brightline.settings.office import NoOffice, UpstreamSettings, read_office


def read(folder: Path, text: str) -> UpstreamSettings | None:
    (folder / "office.toml").write_text(text)
    return read_office(folder).upstream


def test_an_office_has_no_upstream_unless_it_names_one(tmp_path: Path) -> None:
    assert read(tmp_path, "") is None
    assert read(tmp_path, '[upstream]\nurl = "https://huggingface.co/"\nowner = "mirror"\n') == UpstreamSettings(
        "https://huggingface.co", "mirror", ("*",), 60, 100, 1_000, None
    )


def test_everything_can_be_said(tmp_path: Path) -> None:
    text = '[upstream]\nurl = "http://hub"\nowner = "m"\nonly = ["a/*"]\nminutes = 0.5\nrepository = 2\ntotal = 3\ntoken = "t"\n'
    assert read(tmp_path, text) == UpstreamSettings("http://hub", "m", ("a/*",), 0.5, 2, 3, "t")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('upstream = "https://hub"', "holds"),
        ("upstream = " + "9" * 5_000, "is no TOML"),
        ('[upstream]\nurl = "https://hub"', "names a url and an owner"),
        ('[upstream]\nurl = "https://hub"\nowner = " "', "names a url and an owner"),
        ('[upstream]\nurl = "file:///etc"\nowner = "m"', "upstream.url is https://HOST"),
        ('[upstream]\nurl = "https://u:p@hub"\nowner = "m"', "a token stands in upstream.token"),
        ('[upstream]\nurl = "https://hub"\nowner = "m"\nonly = "a/*"', "a list of patterns"),
        ('[upstream]\nurl = "https://hub"\nowner = "m"\nminutes = 0', "numbers above 0"),
        ('[upstream]\nurl = "https://hub"\nowner = "m"\ntotal = true', "numbers above 0"),
        ('[upstream]\nurl = "https://hub"\nowner = "m"\nhours = 1', "and nothing else"),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(NoOffice, match=said):
        read(tmp_path, text)
