"""Repositories, revisions and files as the documents that the Hub's clients read."""

import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import lru_cache

from brightline.assembly.hosting.sight.looking import Seen
from brightline.enforcement.access import Judged, Phase
from brightline.hub.host import Document, Rows, Wanted
from brightline.permit.notation import written
from brightline.release.card import Card
from brightline.release.repository import HEADS, TAGS, Kind
from brightline.release.revision import Stored, pointer
from brightline.storage.lists.finding import Found
from brightline.storage.repositories.asking import Request
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.origins import Origin
from brightline.storage.repositories.revealing import gated
from brightline.storage.repositories.shelf import Repo, Revision


def identity(address: str) -> str:
    """Of a repository, as the Hub writes it. Numbers in a row would tell how many there are that nobody is shown."""
    return hashlib.sha256(address.encode()).hexdigest()[:24]


def moment(at: datetime) -> str:
    """As the Hub writes it; the C library takes its time."""
    return f"{at.isoformat()[:19]}.000Z"


def _moment_of(second: int) -> str:
    """The same of a number of seconds since 1970. A list has two of them to a row."""
    days, rest = divmod(second, 86_400)
    return f"{_day(days)}T{_TWO[rest // 3_600]}:{_TWO[rest // 60 % 60]}:{_TWO[rest % 60]}.000Z"


_TWO = [f"{number:02}" for number in range(60)]


@lru_cache(10_000)
def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(number)).isoformat()


def row_document(wanted: Wanted, row: Found) -> Document:
    """A repository in a list, out of the catalogue. A page has a hundred: of a card only what is asked for is read."""
    card = _BLANK if row.card is None else {**_BLANK, **_read(row.card)[0]}
    told = _repo_document(
        wanted.kind,
        row.namespace,
        row.name,
        row.sha,
        (bool(row.private), row.gated or False, bool(row.disabled)),
        row.downloads,
        (card["tags"], card["task"], card["library"]),
        (_moment_of(row.created), _moment_of(row.modified)),
        row.sdk,
    )
    if wanted.card:
        told["cardData"] = json.loads(card["data"])
    if wanted.kind is Kind.SPACE and (wanted.linked or wanted.uses):
        told |= _linked(card)
    if wanted.only:
        more = {**told, "cardData": json.loads(card["data"]), "downloadsAllTime": row.downloads, **_linked(card)}
        return {key: value for key, value in more.items() if key in wanted.only or key in ("_id", "id", "modelId")}
    return told


_BLANK: Document = asdict(Card())
_read = json.JSONDecoder().raw_decode  # json.loads looks for what it could be given first


def _linked(card: Document) -> Document:
    return {key: list(card[key]) for key in ("models", "datasets")}


def _repo_document(
    kind: Kind,
    namespace: str,
    name: str,
    sha: str | None,
    flags: tuple[bool, str | bool, bool],
    downloads: int,
    said: tuple[Sequence[str], str, str],
    moments: tuple[str, str],
    sdk: str,
) -> Document:
    """`flags` are whether it is private, how it is gated, whether it is closed; `said` are its card's tags, task and library;
    `moments` are when it was made, and when what is shown was pushed.
    """
    spelled, (tags, task, library) = f"{namespace}/{name}", said
    document = {
        "_id": identity(f"{kind.prefix}{spelled}"),
        "id": spelled,
        "author": namespace,
        "sha": sha,
        "private": flags[0],
        "gated": flags[1],
        "disabled": flags[2],
        "downloads": downloads,
        "likes": 0,
        "trendingScore": 0,
        "tags": list(tags),
        "createdAt": moments[0],
        "lastModified": moments[1],
    }
    if kind is Kind.MODEL:
        document["modelId"] = spelled
        if task:
            document["pipeline_tag"] = task
        if library:
            document["library_name"] = library
    if kind is Kind.SPACE:
        document["sdk"] = sdk or "static"
    return document


def info_document(seen: Seen, siblings: Rows, used: int, card: Card, origin: Origin | None) -> Document:
    """One repository at one revision; `brightline` is ours: what was decided, and where it came from. `used` is in bytes."""
    repo, judged = seen.repo, seen.judged
    flags = (repo.private, repo.gated or ("auto" if gated(judged) else False), judged.phase is Phase.CLOSED)
    name = repo.name
    told = _repo_document(
        name.kind,
        name.namespace,
        name.name,
        seen.revision.oid,
        flags,
        repo.downloads,
        (card.tags, card.task, card.library),
        (moment(repo.created), moment(seen.revision.commit.at)),
        repo.sdk,
    )
    own = {**judged_document(judged), "origin": None if origin is None else origin_document(origin)}
    use: Document = {"usedStorage": used}
    if repo.name.kind is Kind.SPACE:
        use |= {"runtime": runtime_document(repo), "models": list(card.models), "datasets": list(card.datasets)}
    more = {"cardData": json.loads(card.data), "siblings": siblings, "downloadsAllTime": repo.downloads}
    return {**told, **more, **use, "brightline": own}


def runtime_document(repo: Repo) -> Document:
    """Spaces are kept here, and judged like everything else; nothing of them is run."""
    hardware = {"current": None, "requested": None}
    return {"stage": "STOPPED", "sdk": repo.sdk or "static", "hardware": hardware, "gcTimeout": None, "storage": None}


def origin_document(origin: Origin) -> Document:
    return {
        "endpoint": origin.endpoint,
        "repository": origin.source,
        "commit": origin.commit,
        "digest": origin.digest,
        "at": written(origin.at),
    }


def judged_document(judged: Judged) -> Document:
    granted = judged.access if judged.phase is Phase.DECIDED else {}
    return {
        "phase": judged.phase.value,
        "case": judged.case,
        "access": {part.value: access.value for part, access in granted.items()},
        "orders": [one.order.number for one in judged.orders],
    }


def sibling_document(file: Stored, *, sizes: bool) -> Document:
    if not sizes:
        return {"rfilename": file.path}
    lfs = {"sha256": file.sha256, "size": file.size, "pointerSize": len(pointer(file.sha256, file.size))}
    return {"rfilename": file.path, "size": file.size, "blobId": file.oid, **({"lfs": lfs} if file.lfs else {})}


def file_document(filed: Filed) -> Document:
    file = filed.stored
    row: Document = {
        "type": "file",
        "path": file.path,
        "size": file.size,
        "oid": file.oid,
        "component": filed.component,
    }
    if file.lfs:
        row["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": len(pointer(file.sha256, file.size))}
    return row


def last_commit_document(revision: Revision) -> Document:
    return {"id": revision.oid, "title": revision.commit.title, "date": moment(revision.commit.at)}


def commit_document(revision: Revision) -> Document:
    commit = revision.commit
    return {
        "id": revision.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author}],
        "date": moment(commit.at),
        "formatted": {"title": html.escape(commit.title), "message": html.escape(commit.message)},
    }


def refs_document(heads: Mapping[str, str], pulls: Mapping[str, str] | None = None) -> Document:
    """Full names to commits. Proposals are named where they were asked for."""

    def some(prefix: str) -> list[Document]:
        return [
            {"name": name.removeprefix(prefix), "ref": name, "targetCommit": oid}
            for name, oid in heads.items()
            if name.startswith(prefix)
        ]

    told = {"branches": some(HEADS), "converts": [], "tags": some(TAGS)}
    if pulls is not None:
        told["pullRequests"] = [{"name": name, "ref": name, "targetCommit": oid} for name, oid in pulls.items()]
    return told


def request_document(request: Request) -> Document:
    user = {"user": request.account, "fullname": request.account, "email": request.contact or None}
    return {
        "requestId": request.identity,
        "status": request.status,
        "timestamp": moment(request.at),
        "user": user,
        "fields": {},
    }
