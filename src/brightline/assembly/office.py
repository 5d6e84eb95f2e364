"""An open office: its database, its blobs, its log key, and the one way by which a word is said."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, select

from brightline.assembly.refusal import Refused
from brightline.authority.case import Case
from brightline.authority.procedure import perform
from brightline.authority.records import Refusal
from brightline.permit.charter import Charter, Role
from brightline.permit.envelope import Envelope
from brightline.permit.notation import Illegible
from brightline.permit.word import Word
from brightline.proof.note import NoteKey, read_note_key
from brightline.proof.tile import ENTRY
from brightline.proof.verification import log_key
from brightline.settings.environment import settings
from brightline.settings.office import FILE, NoOffice, OfficeSettings, read_office
from brightline.storage.blobs.arrivals import Arrivals
from brightline.storage.blobs.store import Blobs, open_blobs
from brightline.storage.ledger import Ledger, Stale, Turn
from brightline.storage.record.keys import NoKey, PrivateKey, read_key
from brightline.storage.record.log import Log
from brightline.storage.record.records import load_case, load_charters, read_document
from brightline.storage.sql import schema
from brightline.storage.sql.database import Unopened, is_current, migrate, one_moment, open_database


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the clock is read in assembly


@dataclass(frozen=True, slots=True)
class View:
    """The office as it stands, within one transaction: what acts and answers look up."""

    connection: Connection
    envelopes: list[Envelope]
    charters: list[Charter]
    documents: dict[str, bytes] = field(default_factory=dict)  # that were read: each word about a permit reads it again

    @property
    def newest(self) -> Charter:
        return self.charters[-1]

    @property
    def log(self) -> Log:
        return Log(self.connection)

    def charter(self, version: int) -> Charter:
        return self.charters[version - 1]

    def document(self, digest: str) -> bytes | None:
        content = self.documents.get(digest) or read_document(self.connection, digest)
        if content is not None:
            self.documents[digest] = content
        return content

    def case(self, number: int) -> Case:
        """Raises Refused where there is none."""
        case = load_case(self.connection, number, self) if 0 < number < 1 << 53 else None
        if case is None:
            raise Refused(f"there is no case {number}. `brightline case list` shows all.", "NO-CASE")
        return case


class Office:
    """Opened once a process, closed at its end. `clock` is a test's to choose."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = now) -> None:
        self.clock = clock
        self.settings = _settings(folder)
        try:
            self.engine = _engine(self.settings)
            self.arrivals = Arrivals(self.engine, clock)
            self.blobs: Blobs = replace(open_blobs(self.settings.blobs_url), expected=self.arrivals.expect)
        except Unopened as trouble:
            raise Refused(str(trouble), "NO-OFFICE") from None
        self._ledger: Ledger | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self.engine.dispose()

    def look(self, connection: Connection) -> View:
        return View(connection, *load_charters(connection))

    def read(self, ask: Callable[[View], Any]) -> Any:
        """An answer out of one consistent moment."""
        with self.engine.connect().execution_options(**one_moment(self.engine)) as connection, connection.begin():
            return ask(self.look(connection))

    @property
    def charter(self) -> Charter:
        with self.engine.begin() as connection:
            return load_charters(connection)[1][-1]

    @property
    def ledger(self) -> Ledger:
        """Started with the first word that is said: reading needs no key."""
        if self._ledger is None:
            self._ledger = self._begin(self.charter)
        return self._ledger

    def _begin(self, charter: Charter) -> Ledger:
        return Ledger(self.engine, self.log_signer(charter), log_key(charter), self.clock)

    def log_signer(self, charter: Charter | None = None) -> PrivateKey:
        """The key that signs checkpoints and standings under a charter, or under the one in force. Raises Refused."""
        return self.key("log", {log_key(charter or self.charter).key.keyid})

    @contextmanager
    def rotating(self, later: Charter) -> Iterator[Ledger]:
        """A ledger that signs with the log key of the charter that is to come."""
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = None
        ledger = self._begin(later)
        try:
            yield ledger
        finally:
            ledger.close()

    def key(self, name: str, wanted: set[str] | None = None) -> PrivateKey:
        """A key that lies in the office's own folder, also as NAME-2.pem after a rotation. Raises Refused."""
        first, *others = [self.settings.keys / f"{name}.pem", *sorted(self.settings.keys.glob(f"{name}-*.pem"))]
        for place in others if wanted is not None else ():
            with suppress(Refused):
                return open_key(place, self.passphrase(), wanted)
        return open_key(first, self.passphrase(), wanted)

    def passphrase(self) -> str | None:
        """The environment's; or the one that `init` made up, as long as it lies where it was put."""
        given = settings().passphrase
        if given is None:
            with suppress(OSError):
                given = (self.settings.folder / "passphrase").read_text(encoding="utf-8").strip()
        return given

    def key_passphrase(self) -> str | None:
        """Of a key that a person names: its holder's own, beside that of the office's keys; or the same."""
        return settings().key_passphrase or self.passphrase()

    def officer(self) -> str:
        """Who acts at this desk: the officer of the charter whose key lies here, else the first one."""
        holders = [name for name, holder in self.charter.holders.items() if Role.OFFICER in holder.roles]
        here = [name for name in holders if (self.settings.keys / f"{name}.pem").exists()]
        return (here or holders)[0]

    def say(
        self, act: str, number: int, by: str, body: Mapping[str, Any], documents: Mapping[str, bytes] | None = None
    ) -> Case:
        """Do an act on a case. It is in the log when this returns. Raises Refused, and then nothing happened."""
        case: Case = self.perform(lambda turn: say(turn, act, number, by, body, documents))
        return case

    def perform(self, act: Callable[[Turn], Any]) -> Any:
        """What an act answers, once it is durable. Raises Refused where it answers a Refusal, and then nothing happened."""
        try:
            return settle(self.ledger.perform(act))
        except Stale as trouble:
            raise Refused(str(trouble), "STALE-KEY") from None

    def witnessed(self) -> list[NoteKey]:
        """The logs whose checkpoints this office cosigns. Raises Refused."""
        try:
            return [read_note_key(text) for text in self.settings.witness]
        except Illegible as trouble:
            raise Refused(f"witness in {FILE}: {trouble}.", "NO-OFFICE") from None

    def officer_key(self, by: str) -> PrivateKey:
        """The key that an officer signs notices and orders with: whichever the charter names now. Raises Refused."""
        holder = self.charter.holders.get(by)
        return self.key(by, {key.keyid for key in holder.keys} if holder is not None else set())


def say(
    turn: Turn, act: str, number: int, by: str, body: Mapping[str, Any], documents: Mapping[str, bytes] | None = None
) -> Case | Refusal:
    """Within a turn: the word, the case after it, and the documents it stands on."""
    turn.documents.update(documents or {})
    word = Word(act, number, turn.at, by, turn.newest.version, dict(body))
    if len(word.entry()) > ENTRY:
        turn.documents.clear()
        return Refusal(
            "ILLEGIBLE", f"{act}: all that is said is longer than {ENTRY} bytes, which an entry of the log has."
        )
    after = perform(turn.case(number), word, turn)
    if isinstance(after, Refusal):
        turn.documents.clear()
        return after
    turn.words.append(word)
    turn.cases[number] = after
    return after


def settle(answer: Any) -> Any:
    """A refusal becomes the exception that doors and commands speak of."""
    if isinstance(answer, Refusal):
        raise Refused(answer.sentence, answer.code)
    return answer


def open_key(place: Path, passphrase: str | None, wanted: set[str] | None = None) -> PrivateKey:
    """Raises Refused."""
    try:
        key = read_key(place, passphrase)
    except NoKey as trouble:
        raise Refused(f"{trouble}.", "NO-KEY") from None
    if wanted is not None and key.keyid not in wanted:
        raise Refused(f"{place} is not the key that the charter names.", "NO-KEY")
    return key


def _settings(folder: Path) -> OfficeSettings:
    try:
        return read_office(folder)
    except NoOffice as trouble:
        raise Refused(str(trouble), "NO-OFFICE") from None


def _engine(office: OfficeSettings) -> Engine:
    engine = open_database(office.database_url)
    if not is_current(engine):
        migrate(engine)
    with engine.begin() as connection:
        if connection.execute(select(schema.head.c.id)).first() is None:
            raise Refused(
                f"the database of {office.folder} holds no office: it was never founded, or lost.", "NO-OFFICE"
            )
    return engine
