"""`brightline init`: a working office in one folder."""

import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from brightline.assembly.refusal import Refused
from brightline.permit.charter import Charter, Holder, Role, prove_chain
from brightline.permit.notation import Illegible
from brightline.permit.word import Word
from brightline.proof.verification import log_key
from brightline.release.reader import Unreadable
from brightline.settings.environment import settings
from brightline.settings.office import FILE, read_office, write_office
from brightline.storage.blobs.store import open_blobs
from brightline.storage.ledger import found_log
from brightline.storage.record.keys import NoKey, PrivateKey, make_key, write_key, write_secret
from brightline.storage.sql import schema
from brightline.storage.sql.database import Unopened, migrate, open_database

SECRET = "passphrase"  # noqa: S105 - the name of a file
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Terms:
    """What a first charter is made of; seconds and days. docs/reference/charter.md explains each figure."""

    name: str
    approvers: int = 3
    threshold: int = 2
    delay: int = DAY
    freshness: int = 7 * DAY
    hearing_days: int = 14
    appeal_days: int = 30
    review_days: int = 90
    database: str = "sqlite:///office.db"
    blobs: str = "file:blobs"


@dataclass(frozen=True, slots=True)
class Founded:
    """Where which key lies, and whether the passphrase was made up here."""

    charter: Charter
    keys: dict[str, Path]
    passphrase: Path | None


def found_office(folder: Path, terms: Terms) -> Founded:
    """Raises Refused; then nothing was written that a second try would stumble over."""
    if (folder / FILE).exists():
        raise Refused(f"there is an office in {folder} already. Name another folder; an office is never founded twice.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is not empty. Name a folder that is, or that does not exist.")
    there = folder.exists()
    try:
        return _found(folder, terms)
    except BaseException:
        for place in folder.iterdir() if folder.is_dir() else ():
            shutil.rmtree(place) if place.is_dir() else place.unlink()
        if not there and folder.is_dir():
            folder.rmdir()
        raise


def _found(folder: Path, terms: Terms) -> Founded:
    keys = {name: make_key() for name in _holders(terms)}
    witness = make_key()  # for other offices' charters, not for our own
    try:
        charter = _charter(terms, keys)
        envelope = charter.envelope()
        for name, key in keys.items():
            envelope = envelope.signed(key) if Role.APPROVER in charter.holders[name].roles else envelope
        prove_chain([envelope])
    except Illegible as trouble:
        raise Refused(f"{trouble}. Choose --approvers, --threshold and --name that fit.") from None
    places, own = _write_keys(folder, {**keys, "witness": witness})
    write_office(folder, terms.database, terms.blobs)
    word = Word("charter", 0, charter.issued, "officer", 1, {"version": 1, "digest": envelope.digest})
    try:
        office = read_office(folder)
        blobs = open_blobs(office.blobs_url)
        if blobs.folder is None:
            blobs.holds("0" * 64)  # whether it answers, and knows the key
        engine = open_database(office.database_url)
    except Unopened as trouble:
        raise Refused(str(trouble)) from None
    except Unreadable as trouble:
        raise Refused(f"{trouble}. Check its address, and its credentials in the environment.", "STORE") from None
    migrate(engine)
    with engine.begin() as connection:
        if connection.execute(select(schema.head.c.id)).first() is not None:
            raise Refused("this database holds an office already. Name another one; an office is never founded twice.")
        found_log(connection, keys["log"], log_key(charter), envelope, word)
    engine.dispose()
    return Founded(charter, places, own)


def _holders(terms: Terms) -> list[str]:
    return ["officer", "examiner", "appeals", "log", *(f"approver-{number + 1}" for number in range(terms.approvers))]


def _charter(terms: Terms, keys: dict[str, PrivateKey]) -> Charter:
    holders = {name: Holder(frozenset({Role(name.partition("-")[0])}), (key.public,)) for name, key in keys.items()}
    return Charter(
        office=terms.name,
        version=1,
        issued=datetime.now(UTC).replace(microsecond=0),  # noqa: TID251 - the clock is read in assembly
        holders=holders,
        reversible=1,
        irreversible=terms.threshold,
        witnesses=0,
        delay=terms.delay,
        freshness=terms.freshness,
        hearing_days=terms.hearing_days,
        appeal_days=terms.appeal_days,
        review_days=terms.review_days,
    )


def _write_keys(folder: Path, keys: dict[str, PrivateKey]) -> tuple[dict[str, Path], Path | None]:
    """Encrypted under the passphrase of the environment, or under one that is made up and written beside them."""
    given = settings().passphrase
    passphrase, own = given or secrets.token_urlsafe(24), None if given else folder / SECRET
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # undecided weights, tokens' hashes and exposures lie in it
        (folder / "keys").mkdir(exist_ok=True, mode=0o700)
        if own is not None:
            write_secret(own, f"{passphrase}\n".encode())
        places = {name: folder / "keys" / f"{name}.pem" for name in keys}
        for name, key in keys.items():
            write_key(places[name], key, passphrase)
    except FileExistsError as trouble:
        raise Refused(f"{trouble.filename} is there already, and is not overwritten. Name an empty folder.") from None
    except NoKey as trouble:
        raise Refused(f"{trouble}: set another BRIGHTLINE_PASSPHRASE.") from None
    except OSError as trouble:
        raise Refused(f"{folder} cannot be written to: {trouble.strerror}. Name another folder.") from None
    return places, own
