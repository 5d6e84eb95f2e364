"""`python -m bench.catalogue`: lists over 575,000 repositories, and one repository's info and tree, on both databases.

The repositories are made up: names and tags of Zipf's distribution, written into the office's tables in bulk, each with a
row in the catalogue as a decided, public repository has one. Twelve more are real: pushed, examined, decided and published
through the office itself; info and tree are measured on those. `--folder` keeps the offices for the next run.
"""

import argparse
import itertools
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select, text
from tests.offices import decided, found
from tests.servers import fresh_database, postgresql

from bench.measure import row
from brightline.assembly import examination
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.authority.case import State
from brightline.hub.host import Account, Operation, Push, Wanted
from brightline.release.card import Card
from brightline.release.repository import Kind, RepoName
from brightline.storage.lists import catalogue
from brightline.storage.lists.catalogue import EVER
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import writing

COUNTS = {Kind.MODEL: 350_000, Kind.DATASET: 75_000, Kind.SPACE: 150_000}
QUESTIONS = 3_000
FAMILIES = [
    "bert",
    "llama",
    "mistral",
    "qwen",
    "gemma",
    "phi",
    "t5",
    "whisper",
    "falcon",
    "gpt2",
    "roberta",
    "stable",
    "diffusion",
    "lora",
    "wav2vec",
    "yolo",
    "vit",
    "clip",
]
MORE = [
    "base",
    "large",
    "small",
    "mini",
    "instruct",
    "chat",
    "v1",
    "v2",
    "7b",
    "13b",
    "70b",
    "finetuned",
    "gguf",
    "awq",
    "4bit",
    "en",
    "de",
    "fr",
    "multilingual",
    "test",
    "demo",
    "my",
]
TASKS = [
    "text-generation",
    "text-classification",
    "fill-mask",
    "translation",
    "summarization",
    "image-classification",
    "text-to-image",
]
LIBRARIES = [
    "transformers",
    "diffusers",
    "peft",
    "sentence-transformers",
    "timm",
    "keras",
    "onnx",
    "gguf",
    "spacy",
    "flair",
]
LICENCES = [
    "apache-2.0",
    "mit",
    "openrail",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "gpl-3.0",
    "llama2",
    "llama3",
    "gemma",
    "other",
    "bsd-3-clause",
]
LANGUAGES = [
    "en",
    "zh",
    "fr",
    "de",
    "es",
    "ja",
    "ko",
    "ru",
    "pt",
    "it",
    "ar",
    "hi",
    "nl",
    "pl",
    "tr",
    "vi",
    "id",
    "sv",
    "fi",
    "cs",
]


class Words:
    """Words as people choose them: few of them nearly always, most of them hardly ever."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        made = [
            "".join(self.random.choice("bcdfghklmnprstvw") + self.random.choice("aeiou") for _ in range(n % 3 + 2))
            for n in range(30_000)
        ]
        self.words = list(
            dict.fromkeys([*itertools.chain(*itertools.zip_longest(FAMILIES, MORE, fillvalue="x")), *made])
        )
        self.owners = [f"{self.words[n % 9_000]}{n}" if n > 50 else self.words[n + 40] for n in range(60_000)]
        self.tags = [f"{self.words[n % 4_000]}-{n}" if n > 300 else self.words[n] for n in range(20_000)]

    def zipf(self, pool: Sequence[str], steep: float = 1.0) -> str:
        """The number n with a probability of about 1/n."""
        return pool[int(len(pool) ** (self.random.random() ** steep)) - 1]

    def name(self) -> str:
        return "-".join(self.zipf(self.words) for _ in range(self.random.choice((2, 3, 3, 4))))[:80]

    def card(self, kind: Kind) -> Card:
        task, library = self.zipf(TASKS), self.zipf(LIBRARIES)
        tags = [self.zipf(self.tags) for _ in range(self.random.randrange(5))]
        tags += [f"license:{self.zipf(LICENCES)}"] if self.random.random() < 0.6 else []
        tags += [f"language:{self.zipf(LANGUAGES)}"] if self.random.random() < 0.4 else []
        if kind is not Kind.MODEL:
            return Card(tuple(dict.fromkeys(tags)))
        tags += [task, library] + (
            [f"base_model:{self.zipf(self.owners)}/{self.zipf(self.words)}"] if self.random.random() < 0.3 else []
        )
        return Card(tuple(dict.fromkeys(tags)), task, library)


def rows(
    kind: Kind, count: int, first: int, words: Words
) -> Iterator[tuple[int, RepoName, Card, str, tuple[int, int, int]]]:
    """Number, name, card, how it is gated, and when it was made, moved and how often downloaded."""
    seen = set[str]()
    for number in range(first, first + count):
        name = RepoName(kind, words.zipf(words.owners, 0.8), words.name())
        name = name if str(name) not in seen else RepoName(kind, name.namespace, f"{name.name}-{number}")
        seen.add(str(name))
        created = 1_600_000_000 + int(160_000_000 * words.random.random() ** 0.5)
        moved = created + int(words.random.expovariate(1 / 8_000_000))
        gated = "auto" if words.random.random() < 0.03 else ""
        yield number, name, words.card(kind), gated, (created, moved, int(words.random.paretovariate(0.6)))


def put(connection: Connection, table: Table, values: Iterable[Sequence[Any]], columns: str) -> None:
    """In bulk: by COPY, or by the driver's own loop."""
    names = columns.split()
    if connection.dialect.name == "sqlite":
        said = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
        connection.connection.driver_connection.executemany(said, values)
        return
    with connection.connection.driver_connection.cursor().copy(
        f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    ) as copied:
        for one in values:
            copied.write_row(one)


def fill(office: Office) -> None:
    """Everything that a public repository has in the tables, but for a case of its own."""
    words, first, began = Words(6962), 1_000, time.monotonic()
    with writing(office.engine) as connection:
        labels = itertools.count(1_000)
        for kind, count in COUNTS.items():
            made = list(rows(kind, count, first, words))
            _keep(connection, made)
            _show(connection, kind, made, labels)
            first += count
        if connection.dialect.name == "postgresql":
            for table in ("repos_id_seq", "shown_id_seq", "cards_id_seq", "labels_id_seq"):
                connection.execute(text(f"SELECT setval('{table}', 10000000)"))
    with office.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if office.engine.dialect.name == "sqlite" else "VACUUM ANALYZE")
    row(f"filled with {sum(COUNTS.values()):,} repositories", f"{time.monotonic() - began:.0f} s", "")


def _keep(connection: Connection, made: Sequence[Any]) -> None:
    """Repositories with one commit each."""

    def moment(seconds: int) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(seconds))

    repos = (
        (
            n,
            f"{n:032x}",
            name.kind.value,
            name.namespace,
            name.name,
            name.namespace,
            False,
            "",
            "",
            at[2],
            moment(at[0]),
            moment(at[1]),
        )
        for n, name, _, _, at in made
    )
    put(connection, shelves.repos, repos, "id mark kind namespace name owner private gated sdk downloads created moved")
    put(connection, shelves.refs, ((n, "refs/heads/main", f"{n:040x}") for n, *_ in made), "repo name oid")
    commits = (
        (n, f"{n:040x}", None, "0" * 40, f"{n:064x}", f"sha256:{n:064x}", name.namespace, moment(at[1]), "push", "")
        for n, name, _, _, at in made
    )
    put(connection, shelves.commits, commits, "repo oid parent tree files manifest author at title message")


def _show(connection: Connection, kind: Kind, made: Sequence[Any], labels: Iterator[int]) -> None:
    """As storage.lists.catalogue writes them."""
    place, numbers, counts = catalogue.place(kind, public=True), dict[str, int](), Counter[str]()
    named = [catalogue.labels_of(name, card, gated) for _, name, card, gated, _ in made]
    for names in named:
        counts.update(names)
    numbers = {name: next(labels) for name in counts}
    put(
        connection,
        catalogue.cards,
        ((n, f"{n:064x}", json.dumps(asdict(card))) for n, _, card, _, _ in made),
        "id listing content",
    )
    put(
        connection,
        catalogue.labels,
        ((numbers[name], place, name, count) for name, count in counts.items()),
        "id place name count",
    )

    def ids(names: Sequence[str]) -> Any:
        found = sorted(numbers[one] for one in names)
        return f",{','.join(map(str, found))}," if connection.dialect.name == "sqlite" else found

    shown = (
        (n, n, place, True, True, 0, EVER, name.namespace, name.name, str(name).lower(), name.namespace, False, gated, False,
         f"{n:040x}", "", n, ids(names), catalogue.signature(numbers[one] for one in names), *at)
        for (n, name, _, gated, at), names in zip(made, named, strict=True)
    )  # fmt: skip
    columns = "id repo place inside decided since until namespace name words owner private gated disabled sha sdk card labels signature created modified downloads"
    put(connection, catalogue.shown, shown, columns)
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.create_function(
            "indexed", 2, lambda words, ids: catalogue.indexed(words, map(int, ids[1:-1].split(",")))
        )
        connection.execute(text(f"INSERT INTO found_{place}(rowid, words) SELECT id, indexed(words, labels) FROM shown WHERE place = {place}"))  # fmt: skip # noqa: S608


def account(name: str) -> Account:
    return Account(name, "t", frozenset({"hub:read", "hub:write"}))


def real(office: Office, hosting: Hosting) -> None:
    """Repositories that went the whole way; one of hundreds of commits and several branches, one of 10,000 files."""
    declared = Operation("add", "brightline.toml", b'[training]\ntokens = "1e9"\n')
    for number in range(10):
        files = [Operation("add", f"file-{at}.bin", b"\0%d %d" % (number, at)) for at in range(20)]
        _push(hosting, f"plain-{number}", [declared, *files])
    _push(
        hosting,
        "wide",
        [declared, *(Operation("add", f"folder-{at % 50}/{at}.txt", b"%d" % at) for at in range(10_000))],
    )
    _push(hosting, "long", [declared])
    _decide(office)
    for number in range(300):
        _push(hosting, "long", [Operation("add", "notes.txt", b"%d" % number)])
        if number % 60 == 0:
            hosting.branch(account("acme"), RepoName(Kind.MODEL, "acme", "long"), f"branch-{number}", None)


def _push(hosting: Hosting, name: str, operations: list[Operation]) -> None:
    repo = RepoName(Kind.MODEL, "acme", name)
    hosting.create(account("acme"), repo, {})
    hosting.commit(account("acme"), repo, "main", Push("push", "", None, operations))


def _decide(office: Office) -> None:
    with office.engine.begin() as connection:
        table = schema.cases.c
        waiting = list(connection.execute(select(table.number).where(table.state == State.TENDERED.value)).scalars())
    with examination.examining(office):
        for number in waiting:
            office.say("accept", number, "officer", {"missing": []})
            examination.wait(examination.begin(number, "examiner"), office, number, lambda _now: None)
            decided(office, number)


def questions(
    words: Words, keys: Sequence[tuple[int, int, int, int]], count: int, seal: Callable[[str, int, int], str]
) -> Iterator[tuple[str, Wanted]]:
    """As people ask: mostly for common things, now and then for rare ones; and some who go to page 500."""
    chance, pool = words.random, list(Kind)
    for _ in range(count):
        kind = chance.choices(pool, (6, 2, 2))[0]
        sort = chance.choice(("lastModified", "downloads", "createdAt", "trendingScore"))
        given: dict[str, Any] = {"sort": sort, "limit": chance.choice((10, 20, 20, 50, 100))}
        what = chance.choices(
            (
                "browse",
                "deep",
                "word",
                "rare word",
                "two words",
                "tag",
                "rare tag",
                "two tags",
                "three tags",
                "author",
                "word and tag",
                "gated",
            ),
            (10, 10, 18, 8, 6, 14, 8, 8, 3, 6, 6, 3),
        )[0]
        if what == "deep":
            key = chance.choice(keys)
            given["after"] = seal(sort, {"lastModified": key[0], "createdAt": key[1]}.get(sort, key[2]), key[3])
        if "word" in what:
            given["words"] = [
                words.zipf(words.words) if what != "rare word" else chance.choice(words.words)
                for _ in range(1 + (what == "two words"))
            ]
        if "tag" in what:
            card = [tag for _ in range(4) for tag in words.card(kind).tags] or ["license:mit"]
            wanted = {"two tags": 2, "three tags": 3}.get(what, 1)
            given["tags"] = (
                [chance.choice(words.tags)] if what == "rare tag" else chance.sample(card, min(wanted, len(card)))
            )
        if what == "author":
            given["author"] = words.zipf(words.owners, 0.8)
        if what == "gated":
            given["gated"] = chance.random() < 0.5
        yield what, Wanted(kind, **given)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def told(name: str, times: Sequence[float], bar: str) -> None:
    ordered = sorted(times)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99)]
    row(f"{name} ({len(times):,})", f"p50 {at[0]:.2f} p99 {at[1]:.2f} max {ordered[-1]:.1f} ms", bar)


def measure(office: Office, name: str, bar: str, *, whole: bool) -> None:
    hosting, words = Hosting(office), Words(31)
    with office.engine.begin() as connection:
        table = catalogue.shown.c
        some = (
            select(table.modified, table.created, table.downloads, table.repo)
            .where(table.repo % 577 == 0)
            .order_by(table.repo)
        )
        keys = [tuple(one) for one in connection.execute(some)]
    for _, wanted in questions(words, keys, 200, hosting.cursor):
        hosting.search(None, wanted)
    by = dict[str, list[float]]()
    for what, wanted in questions(words, keys, QUESTIONS, hosting.cursor):
        by.setdefault(what, []).append(timed(lambda wanted=wanted: hosting.search(None, wanted)))
    told(f"{name}: lists, mixed", [one for times in by.values() for one in times], bar)
    for what, times in sorted(by.items()) if whole else ():
        told(f"    {what}", times, "")
    inside = [
        timed(lambda wanted=wanted: hosting.search(account("acme"), wanted))
        for _, wanted in questions(words, keys, QUESTIONS, hosting.cursor)
    ]
    told(f"{name}: lists, of somebody signed in", inside, bar)
    inside = [
        timed(lambda wanted=wanted: hosting.search(account("examiner"), wanted))
        for _, wanted in questions(words, keys, QUESTIONS, hosting.cursor)
    ]
    told(f"{name}: lists, of an examiner", inside, bar)
    _single(hosting, name)


def _single(hosting: Hosting, name: str) -> None:
    plain = [RepoName(Kind.MODEL, "acme", f"plain-{number}") for number in range(10)]
    for what, repos, times in (
        ("20 files", plain, 500),
        ("300 commits, 6 branches", [RepoName(Kind.MODEL, "acme", "long")], 500),
        ("10,000 files", [RepoName(Kind.MODEL, "acme", "wide")], 30),
    ):
        ordered = [repos[number % len(repos)] for number in range(times)]
        hosting.info(None, repos[0], None, sizes=False)
        told(
            f"{name}: info, {what}",
            [timed(lambda one=one: hosting.info(None, one, None, sizes=False)) for one in ordered],
            "bar p99 5 ms",
        )
        trees = [
            timed(lambda one=one: hosting.tree(None, one, "main", "", recursive=True, expand=False)) for one in ordered
        ]
        told(f"{name}: tree, {what}", trees, "bar p99 5 ms")


def over_http(office: Office, name: str, bar: str) -> None:
    """As a client sees it: one connection, one question after the other."""
    import httpx
    from tests.desk.conftest import start
    from tests.servers import free_port

    port, words, times = free_port(), Words(47), []
    process = start(office.settings.folder, port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for _, wanted in questions(words, [(1_700_000_000, 1_650_000_000, 3, 50_000)], 1_000, lambda *_key: ""):
                given: dict[str, Any] = {
                    "search": list(wanted.words),
                    "filter": list(wanted.tags),
                    "sort": wanted.sort,
                    "limit": wanted.limit,
                }
                url: str | None = str(
                    httpx.URL(
                        f"/api/{wanted.kind}s", params={**given, **({"author": wanted.author} if wanted.author else {})}
                    )
                )
                for _ in range(3):
                    began = time.perf_counter()
                    answer = client.get(str(url))
                    times.append((time.perf_counter() - began) * 1e3)
                    assert answer.status_code == 200, answer.text
                    url = answer.links.get("next", {}).get("url")
                    if url is None:
                        break
            told(f"{name}: lists over HTTP, with following pages", times[50:], bar)
            for what in ("", "/tree/main?recursive=true"):
                once = [
                    timed(lambda at=at, what=what: client.get(f"/api/models/acme/plain-{at % 10}{what}"))
                    for at in range(300)
                ]
                told(f"{name}: {'tree' if what else 'info'} over HTTP", once[20:], "bar p99 5 ms")
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def opened(folder: Path, database: str) -> Office:
    """The office of the last run, or a new one, filled."""
    if not folder.exists():
        found(folder, database)
    office = Office(folder)
    with office.engine.begin() as connection:
        filled = connection.execute(select(func.count()).select_from(catalogue.cards)).scalar_one() > 500_000
    if not filled:
        fill(office)
        real(office, Hosting(office))
    return office


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, help="keep the offices here, and use them again")
    arguments.add_argument("--only", choices=("sqlite", "postgresql"))
    arguments.add_argument("--whole", action="store_true", help="a line for each sort of question too")
    chosen = arguments.parse_args()
    with ExitStack() as stack:
        place = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brightline-bench-")))
        place.mkdir(parents=True, exist_ok=True)
        if chosen.only != "postgresql":
            with opened(place / "sqlite", "sqlite:///office.db") as office:
                measure(office, "SQLite", "bar p99 10 ms", whole=chosen.whole)
                over_http(office, "SQLite", "")
        if chosen.only != "sqlite":
            server = stack.enter_context(postgresql(place))
            known = place / "postgresql.url"
            address = known.read_text() if known.exists() else fresh_database(server)
            known.write_text(address)
            with opened(place / "postgresql", address) as office:
                measure(office, "PostgreSQL", "bar p99 25 ms", whole=chosen.whole)
                over_http(office, "PostgreSQL", "")


if __name__ == "__main__":
    main()
