"""Repositories, revisions and files as the documents that the Hub's clients read."""

import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from brightline.assembly.hosting.sight.looking import Seen
from brightline.enforcement.access import Judged, Phase
from brightline.hub.host import Document, Rows, Wanted
from brightline.permit.notation import written
from brightline.release.card import Card
from brightline.release.repository import HEADS, TAGS, Kind, RepoName
from brightline.release.revision import Stored, pointer
from brightline.storage.asking import Request
from brightline.storage.catalogue import card_of
from brightline.storage.origins import Origin
from brightline.storage.revealing import gated
from brightline.storage.shelf import Filed, Repo, Revision


def identity(name: RepoName) -> str:
    """As the Hub writes it. Numbers in a row would tell how many repositories there are that nobody is shown."""
    return hashlib.sha256(name.address.encode()).hexdigest()[:24]


def moment(at: datetime) -> str:
    """As the Hub writes it. A list has two of them to a row, and the C library takes its time."""
    return f"{at.isoformat()[:19]}.000Z"


def row_document(wanted: Wanted, row: Any) -> Document:
    """A repository in a list, out of the catalogue."""
    card = Card() if row.card is None else card_of(row.card)
    moments = [datetime.fromtimestamp(at, UTC) for at in (row.created, row.modified)]
    flags = {"private": bool(row.private), "gated": row.gated or False, "disabled": bool(row.disabled)}
    name = RepoName(wanted.kind, row.namespace, row.name)
    told = _repo_document(name, row.sha, flags, row.downloads, card, moments, row.sdk)
    linked = {"models": list(card.models), "datasets": list(card.datasets)}
    if wanted.card:
        told["cardData"] = json.loads(card.data)
    if wanted.kind is Kind.SPACE and (wanted.linked or wanted.uses):
        told |= linked
    if wanted.only:
        more = {**told, "cardData": json.loads(card.data), "downloadsAllTime": row.downloads, **linked}
        return {key: value for key, value in more.items() if key in wanted.only or key in ("_id", "id", "modelId")}
    return told


def _repo_document(
    name: RepoName,
    sha: str | None,
    flags: Mapping[str, object],
    downloads: int,
    card: Card,
    moments: Sequence[datetime],
    sdk: str,
) -> Document:
    """`moments` are when it was made, and when what is shown was pushed."""
    document = {
        "_id": identity(name),
        "id": str(name),
        "author": name.namespace,
        "sha": sha,
        **flags,
        "downloads": downloads,
        "likes": 0,
        "trendingScore": 0,
        "tags": list(card.tags),
        "createdAt": moment(moments[0]),
        "lastModified": moment(moments[1]),
    }
    if name.kind is Kind.MODEL:
        document["modelId"] = document["id"]
        document |= {key: word for key, word in (("pipeline_tag", card.task), ("library_name", card.library)) if word}
    if name.kind is Kind.SPACE:
        document["sdk"] = sdk or "static"
    return document


def info_document(seen: Seen, siblings: Rows, used: int, card: Card, origin: Origin | None) -> Document:
    """One repository at one revision; `brightline` is ours: what was decided, and where it came from. `used` is in bytes."""
    repo, judged, moments = seen.repo, seen.judged, [seen.repo.created, seen.revision.commit.at]
    flags = {
        "private": repo.private,
        "gated": repo.gated or ("auto" if gated(judged) else False),
        "disabled": judged.phase is Phase.CLOSED,
    }
    told = _repo_document(repo.name, seen.revision.oid, flags, repo.downloads, card, moments, repo.sdk)
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
