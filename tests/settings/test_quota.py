"""`[quota]` in office.toml."""

from pathlib import Path

import pytest

from brightline.settings.office import NoOffice, QuotaSettings, read_office, read_size


def settings_of(folder: Path, text: str) -> QuotaSettings:
    (folder / "office.toml").write_text(text)
    return read_office(folder).quota


def test_nothing_is_limited_by_default(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "") == QuotaSettings(None, None)


@pytest.mark.parametrize(
    ("text", "size"),
    [("100 GB", 10**11), ("1.5 TiB", 3 << 39), ("10kB", 10_000), ("5 M", 5_000_000), ("0", 0), ("7 B", 7), ("1.5", 1)],
)
def test_sizes_are_written_as_people_do(tmp_path: Path, text: str, size: int) -> None:
    assert settings_of(tmp_path, f'[quota]\nbytes = "{text}"\nrepositories = 3') == QuotaSettings(size, 3)
    assert read_size(size) == size


WRONG = ["byte = 1", 'bytes = "much"', 'bytes = "9 iB"', "bytes = -1", "bytes = true", 'bytes = "9999999 PB"']
WRONG += ["repositories = -1", "repositories = 1.5", 'repositories = "many"']


@pytest.mark.parametrize("text", ["quota = 3", *(f"[quota]\n{one}" for one in WRONG)])
def test_what_is_no_quota_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(NoOffice, match="quota"):
        settings_of(tmp_path, text)
