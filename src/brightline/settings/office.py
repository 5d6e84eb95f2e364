"""office.toml: where an office keeps what it keeps."""

import json
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

FILE = "office.toml"


class NoOffice(Exception):
    """There is no office at this place, or its file is wrong. The sentence says what to do."""


class Downloads(StrEnum):
    """Who hands out the bytes of a download, once it is granted."""

    STREAM = "stream"  # this process, which can cut a running one
    REDIRECT = "redirect"  # the S3 store, by an address that is good for seconds
    ACCEL = "x-accel"  # nginx in front of this process, which has the folder of blobs too


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID Connect provider whose people may sign in. `scopes` are those of the tokens they get."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """Another hub, from which what is not here is fetched when somebody asks for it. Sizes are in gigabytes."""

    url: str
    owner: str
    only: tuple[str, ...] = ("*",)
    minutes: float = 60
    repository: float = 100
    total: float = 1_000
    token: str | None = None


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    """What an account may have at the hub, unless the office says otherwise of it. None: as much as there is room for."""

    bytes: int | None = None
    repositories: int | None = None


@dataclass(frozen=True, slots=True)
class OfficeSettings:
    """`folder` is where relative places begin. docs/reference/settings.md lists the keys; a test compares."""

    folder: Path
    database: str
    blobs: str
    address: str  # under which the office is reached: sign-in comes back to it
    line: str = "lessig"  # that pushed releases are judged by
    witness: tuple[str, ...] = ()  # verifier keys of the logs that this office cosigns for
    oidc: Provider | None = None
    downloads: Downloads = Downloads.STREAM
    upstream: UpstreamSettings | None = None
    quota: QuotaSettings = QuotaSettings()

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def database_url(self) -> str:
        """Absolute, where SQLite's file was named relative to the folder."""
        if self.database.startswith("sqlite:///") and not self.database.startswith("sqlite:////"):
            return f"sqlite:///{(self.folder / self.database.removeprefix('sqlite:///')).resolve()}"
        return self.database

    @property
    def blobs_url(self) -> str:
        if self.blobs.startswith("file:"):
            return f"file:{(self.folder / self.blobs.removeprefix('file:')).resolve()}"
        return self.blobs

    @property
    def push_line(self) -> str:
        """A line that ships by its name; a file as a place."""
        return str(self.folder / self.line) if self.line.endswith(".toml") else self.line


KEYS = {
    "database": "sqlite:///office.db (default), or postgresql://user@host/name",
    "blobs": "file:blobs (default), or s3://bucket/prefix with AWS credentials in the environment",
    "downloads": "stream (default for a folder), redirect (default for S3) or x-accel: who hands out bytes that are granted",
    "address": "http://127.0.0.1:8600 (default): where people reach the office",
    "line": "lessig (default), another line that ships, or FILE.toml: what pushed releases are judged by, pinned at the push",
    "witness": "verifier keys of the logs whose checkpoints this office cosigns (default: none)",
    "oidc.issuer": "an OpenID Connect provider for signing in",
    "oidc.client_id": "this office's id at the provider",
    "oidc.client_secret": "its secret there",
    "oidc.scopes": "scopes that a signed-in person's token has (default: cases:read, cases:file)",
    "upstream.url": "another hub: what is not here is fetched from there when somebody signed in asks for it (default: none)",
    "upstream.owner": "whose release it is here: an applicant, who holds no office",
    "upstream.only": 'names that may be fetched, as patterns: ["org/*", "datasets/other/*"] (default: all)',
    "upstream.minutes": "how long until it is asked again for a newer revision, or for what it did not have (default: 60)",
    "upstream.repository": "gigabytes that one repository may have (default: 100)",
    "upstream.total": "gigabytes that all that is fetched may have together (default: 1000)",
    "upstream.token": "shown to that hub (default: none, so that what anybody may have there is fetched)",
    "quota.bytes": 'what an account may have at the hub, as "100 GB" (default: no limit); upstream.total is that of upstream.owner',
    "quota.repositories": "how many repositories an account may have (default: no limit)",
}


def read_office(folder: Path) -> OfficeSettings:
    """Raises NoOffice."""
    place = folder / FILE
    try:
        document = tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoOffice(f"there is no office in {folder}. Found one with `brightline init {folder}`.") from None
    except OSError as trouble:
        raise NoOffice(f"{place} cannot be read: {trouble.strerror}.") from None
    except (ValueError, RecursionError) as trouble:  # a number of 5,000 digits is a ValueError alone
        raise NoOffice(f"{place} is no TOML: {trouble}.") from None
    known = {key.partition(".")[0] for key in KEYS}
    strange = sorted(set(document) - known)
    if strange:
        raise NoOffice(f"{place}: {strange[0]!r} is no setting; known are {', '.join(KEYS)}.")
    texts = {key: document.get(key, _default(key)) for key in ("database", "blobs", "address", "line")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise NoOffice(f"{place}: database, blobs, address and line are texts.")
    if not texts["address"].startswith(("http://", "https://")):
        raise NoOffice(f"{place}: address is where people reach the office, http://HOST or https://HOST.")
    witness = document.get("witness", [])
    if not isinstance(witness, list) or not all(isinstance(key, str) for key in witness):
        raise NoOffice(f"{place}: witness is a list of verifier keys.")
    downloads = _downloads(document.get("downloads"), place, local=texts["blobs"].startswith("file:"))
    provider, upstream = _provider(document.get("oidc"), place), _upstream(document.get("upstream"), place)
    quota = _quota(document.get("quota", {}), place)
    return OfficeSettings(
        folder, **texts, witness=tuple(witness), oidc=provider, downloads=downloads, upstream=upstream, quota=quota
    )


def _default(key: str) -> str:
    return KEYS[key].partition(" ")[0].rstrip(":").removesuffix(",")


def _downloads(wanted: Any, place: Path, *, local: bool) -> Downloads:
    """A folder signs no addresses, and nginx has no S3."""
    possible = (Downloads.STREAM, Downloads.ACCEL) if local else (Downloads.REDIRECT, Downloads.STREAM)
    if wanted is None:
        return possible[0]
    if wanted not in list(possible):
        named, kept = " or ".join(possible), "a folder" if local else "S3"
        raise NoOffice(f"{place}: downloads is {named} where blobs lie in {kept}, not {wanted!r}.")
    return Downloads(wanted)


def _provider(table: Any, place: Path) -> Provider | None:
    if table is None:
        return None
    wanted = {"issuer": str, "client_id": str, "client_secret": str}
    scopes = table.get("scopes", ["cases:read", "cases:file"]) if isinstance(table, dict) else None
    if not isinstance(scopes, list) or not all(isinstance(table.get(key), kind) for key, kind in wanted.items()):
        raise NoOffice(f"{place}: [oidc] holds {', '.join(wanted)} and a list of scopes.")
    return Provider(table["issuer"], table["client_id"], table["client_secret"], tuple(map(str, scopes)))


def _upstream(table: Any, place: Path) -> UpstreamSettings | None:
    """Raises NoOffice."""
    if table is None:
        return None
    known = {key.removeprefix("upstream.") for key in KEYS if key.startswith("upstream.")}
    if not isinstance(table, dict) or set(table) - known:
        raise NoOffice(f"{place}: [upstream] holds {', '.join(sorted(known))}, and nothing else.")
    texts = [table.get("url"), table.get("owner"), table.get("token", "")]
    if not all(isinstance(text, str) for text in texts) or not table["owner"].strip():
        raise NoOffice(f"{place}: [upstream] names a url and an owner.")
    if not table["url"].startswith(("http://", "https://")) or "@" in table["url"]:
        raise NoOffice(f"{place}: upstream.url is https://HOST; a token stands in upstream.token.")
    only = table.get("only", ["*"])
    if not isinstance(only, list) or not all(isinstance(pattern, str) for pattern in only):
        raise NoOffice(f"{place}: upstream.only is a list of patterns.")
    numbers = {key: table[key] for key in ("minutes", "repository", "total") if key in table}
    if not all(type(number) in (int, float) and 0 < number < 1 << 31 for number in numbers.values()):
        raise NoOffice(f"{place}: upstream's {', '.join(numbers)} are numbers above 0.")
    url, owner = table["url"].rstrip("/"), table["owner"].strip()
    return UpstreamSettings(url, owner, tuple(only), token=table.get("token") or None, **numbers)


def _quota(table: Any, place: Path) -> QuotaSettings:
    """Raises NoOffice."""
    if not isinstance(table, dict) or set(table) - {"bytes", "repositories"}:
        raise NoOffice(f"{place}: [quota] holds bytes and repositories, and nothing else.")
    size, count = table.get("bytes"), table.get("repositories")
    if count is not None and (type(count) is not int or not 0 <= count < 1 << 31):
        raise NoOffice(f"{place}: quota.repositories is a number.")
    try:
        return QuotaSettings(None if size is None else read_size(size), count)
    except ValueError as trouble:
        raise NoOffice(f"{place}: quota.bytes: {trouble}.") from None


_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKMGTP]?)(i?)B?")


def read_size(value: Any) -> int:
    """Bytes: `100 GB`, `1.5 TiB`, or a number. Raises ValueError."""
    found = _SIZE.fullmatch(str(value)) if type(value) in (str, int) else None
    if found is None or (found[3] and not found[2]):
        raise ValueError(f"{str(value)[:40]!r} is no size; write 100 GB, 1.5 TiB or a number of bytes")
    size = Decimal(found[1]) * (1024 if found[3] else 1000) ** " KMGTP".index(found[2].upper() or " ")
    if size >= 1 << 62:
        raise ValueError(f"{value} is more than any disk has")
    return int(size)


def write_office(folder: Path, database: str, blobs: str) -> None:
    """Readable by its owner only: addresses may carry passwords."""
    head = "# An office of brightline. docs/reference/settings.md explains every key."
    text = f"{head}\ndatabase = {json.dumps(database)}\nblobs = {json.dumps(blobs)}\n"  # TOML quotes as JSON does
    (folder / FILE).touch(0o600)
    (folder / FILE).write_text(text, encoding="utf-8")
