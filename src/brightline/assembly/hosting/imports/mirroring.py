"""What is not here is fetched from the upstream that the office names: as a wish that a durable job fulfils, into quarantine.

No byte passes through. Whoever asks is told to wait for the decision; whoever asks too much is told to wait longer.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from fnmatch import fnmatchcase

from dbos import DBOS, SetWorkflowID
from sqlalchemy import Connection

from brightline.assembly.examination import office_here
from brightline.assembly.hosting.imports.importing import Wanted, import_repository
from brightline.assembly.hosting.sight.shelving import Absent, Shelving
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.assembly.seat import is_taken, table_of
from brightline.enforcement.branches import MAIN
from brightline.hub.host import Account, Turned
from brightline.release.repository import RepoName, read_address
from brightline.settings.office import UpstreamSettings
from brightline.sources.source import NoSource
from brightline.sources.upstream import Halted, Upstream, endpoint
from brightline.storage.repositories import origins, shelf
from brightline.storage.repositories.origins import DONE, FAILED, FETCHING, Wish
from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql.database import writing

LOG = logging.getLogger("brightline.hub")
BUSY = 4  # repositories that are fetched at a time
HOURLY = 20  # that one account may ask for in an hour
FORGOTTEN = timedelta(days=1)  # a wish that failed
GIGABYTE = 1_000_000_000
_halted = threading.Event()  # the process ends


class Mirror:
    """Of one office."""

    def __init__(self, shelving: Shelving, upstream: UpstreamSettings) -> None:
        self._shelving, self._office, self._upstream = shelving, shelving.office, upstream
        self._looked: dict[int, float] = {}
        self._span = timedelta(minutes=upstream.minutes)
        self._looking = ThreadPoolExecutor(1, "upstream")

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """As long as the server lasts: what was interrupted is gone on with."""
        if self._upstream.owner in self._office.charter.holders:
            raise Refused(f"upstream.owner: {self._upstream.owner} holds an office here: name another one.", "ROLE")
        try:
            endpoint(self._upstream.url)
        except NoSource as trouble:
            raise Refused(f"upstream.url: {trouble}") from None
        _halted.clear()
        with self._office.engine.begin() as connection:
            begun = origins.fetching(connection)
        self._looking.submit(_quietly, lambda: self._go_on(begun))  # jobs are not begun where the server's loop runs
        try:
            yield
        finally:
            _halted.set()
            self._looking.shutdown(wait=True, cancel_futures=True)

    def wished(self, absent: Absent) -> Turned:
        """What a caller is told of a repository that is not here for it; and, where it may, the wish is registered."""
        if not self._fetchable(absent.name):
            return absent
        if absent.account is None:
            return Turned(404, f"{absent} Signed in, you would have it fetched from {self._upstream.url}.", absent.code)
        return Turned(404, self._answer(absent, absent.account), absent.code)

    def _fetchable(self, name: RepoName) -> bool:
        """A name that is somebody's here is never asked for elsewhere: neither replaced, nor told to anybody."""
        if not any(fnmatchcase(one, pattern) for pattern in self._upstream.only for one in (str(name), name.address)):
            return False
        with self._office.engine.begin() as connection:
            return not origins.is_local(connection, name, self._upstream.owner)

    def _answer(self, absent: Absent, account: Account) -> str:
        name = absent.name
        with self._office.engine.begin() as connection:
            wish, case = origins.find_wish(connection, name), self._case(connection, name)
        if wish is not None and wish.state == FETCHING:
            self._go_on([wish])
            return self._being_fetched(name)
        if case is not None:
            return (
                f"{name} was fetched from {self._upstream.url}; case {case} is decided before anything of it is served."
            )
        if wish is not None and self._office.clock() < wish.looked + self._span:
            return f"{absent} {wish.said}".strip()
        return self._begin(absent, account)

    def _being_fetched(self, name: RepoName) -> str:
        rest = "it is examined and decided before anything is served. Ask again"
        return f"{name} is being fetched from {self._upstream.url}; {rest}."

    def _case(self, connection: Connection, name: RepoName) -> int | None:
        """The last case about what is here of it; none, where it is private there and here."""
        repo = shelf.find_repo(connection, name)
        if repo is None or repo.private:
            return None
        head = shelf.read_revision(connection, repo, shelf.read_refs(connection, repo)[MAIN])
        cases = [] if head is None else self._shelving.cases(connection, head.manifest)
        return next((case.number for case in reversed(cases) if case.applicant == self._upstream.owner), None)

    def _begin(self, absent: Absent, account: Account) -> str:
        name, at = absent.name, self._office.clock()
        with self._office.engine.begin() as connection:
            begun = origins.fetching(connection)
        self._go_on(begun)
        with writing(self._office.engine) as connection:
            wish = origins.find_wish(connection, name)
            if wish is not None and wish.state == FETCHING:
                return self._being_fetched(name)
            refusal = self._too_much(connection, account)
            if refusal is not None:
                return f"{absent} {refusal}"
            origins.forget_failed(connection, at - FORGOTTEN)
            wish = origins.begin_wish(connection, name, account.name, at)
        _start(wish)
        return self._being_fetched(name)

    def _too_much(self, connection: Connection, account: Account) -> str | None:
        """Nobody makes the hub fetch without limit."""
        where = f"It may be at {self._upstream.url}, but"
        if len(origins.fetching(connection)) >= BUSY:
            return f"{where} {BUSY} repositories are being fetched just now. Ask again later."
        since = self._office.clock() - timedelta(hours=1)
        if origins.wished_since(connection, account.name, since) >= HOURLY:
            return f"{where} you asked for {HOURLY} repositories within the hour. Ask again later."
        if origins.held_by(connection, self._upstream.owner) >= self._upstream.total * GIGABYTE:
            return f"{where} there is no room for more here. Ask the office."
        return None

    def _go_on(self, wishes: Sequence[Wish]) -> None:
        """Where the process that fetched something has died, another one does: this one."""
        for wish in wishes:
            self._fetched_by_somebody(wish)

    def _fetched_by_somebody(self, wish: Wish) -> None:
        job = DBOS.get_workflow_status(_job(wish))
        if job is None or job.status not in ("PENDING", "ENQUEUED"):
            with writing(self._office.engine) as connection:
                name, kept = read_address(wish.address), origins.find_wish(connection, read_address(wish.address))
                if kept is None or (kept.state, kept.tries) != (FETCHING, wish.tries):
                    return
                wish = origins.begin_wish(connection, name, wish.account, self._office.clock())
            _start(wish)
        elif not is_taken(table_of(self._office.settings.folder, self._office.engine), job.executor_id):
            DBOS.resume_workflow(job.workflow_id)

    def asked(self, repo: Repo) -> None:
        """Somebody asks for its branch: now and then that is a reason to look whether there is a newer revision."""
        now = time.monotonic()
        if repo.owner != self._upstream.owner or now - self._looked.get(repo.id, -1e9) < self._span.total_seconds():
            return
        if len(self._looked) > 100_000:
            self._looked.clear()
        self._looked[repo.id] = now
        self._looking.submit(_quietly, lambda: self._look(repo))

    def _look(self, repo: Repo) -> None:
        """What was decided goes on being served, whatever comes of it."""
        with writing(self._office.engine) as connection:
            mine = origins.look_again(connection, repo.name, self._office.clock(), self._span)
            last = origins.last_origin(connection, repo)
        if not mine or last is None or not self._moved(repo.name, last.commit):
            return
        with writing(self._office.engine) as connection:
            if len(origins.fetching(connection)) >= BUSY:
                return
            wish = origins.begin_wish(connection, repo.name, "", self._office.clock())
        _start(wish)

    def _moved(self, name: RepoName, commit: str) -> bool:
        """Whether the upstream is elsewhere by now; not, where it does not say."""
        try:
            return _upstream(self._upstream).describe(name, "main").commit != commit
        except (NoSource, Halted):
            return False


def _quietly(work: Callable[[], None]) -> None:
    """Nobody waits for it; it is tried again when its time has come."""
    try:
        work()
    except Exception as trouble:  # noqa: BLE001 - the outermost wall of its thread
        LOG.error(json.dumps({"fault": type(trouble).__name__, "at": "upstream"}))  # noqa: TRY400


def _upstream(settings: UpstreamSettings) -> Upstream:
    return Upstream(endpoint(settings.url), settings.token, halted=_halted.is_set)


def _job(wish: Wish) -> str:
    return f"import-{wish.address}-{wish.tries}"


def _start(wish: Wish) -> None:
    with SetWorkflowID(_job(wish)):
        DBOS.start_workflow(fulfil, wish.address)


@DBOS.workflow()
def fulfil(address: str) -> str:
    """Whatever happens in between, what is here already is not fetched again."""
    return fetch(address)


@DBOS.step()
def fetch(address: str) -> str:
    """How it ended, which is what everybody is told who asks."""
    office, said = office_here(), ""
    try:
        _fetch(office, read_address(address))
    except Refused as refusal:
        said = str(refusal)
    except Exception as trouble:  # noqa: BLE001 - whoever asked is told that it is our own fault
        LOG.error(json.dumps({"fault": type(trouble).__name__, "at": "upstream"}))  # noqa: TRY400
        said = "Fetching it failed here."
    with writing(office.engine) as connection:
        origins.end_wish(connection, address, FAILED if said else DONE, said, office.clock())
    return said


def _fetch(office: Office, name: RepoName) -> None:
    settings = office.settings.upstream
    if settings is None:
        raise Refused("No upstream is named any more.", "SOURCE")
    with office.engine.begin() as connection:
        room = int(settings.total * GIGABYTE) - origins.held_by(connection, settings.owner)
        known = shelf.find_repo(connection, name) is not None
    most = int(settings.repository * GIGABYTE)
    wanted = Wanted(name, name, settings.owner, most=most if known else min(room, most))
    import_repository(Shelving(office), _upstream(settings), wanted)
