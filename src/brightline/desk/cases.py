"""Cases over HTTP: filing, reading, and one route for each act."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from brightline.desk import documents as shape
from brightline.desk.admission import Joined, needs, own
from brightline.desk.service import Caller, Declined

router = APIRouter(prefix="/cases", tags=["cases"])
Reader = Annotated[Caller, Depends(needs("cases:read"))]
Number = Annotated[int, PathParameter(ge=1, le=1 << 53)]
UPLOAD = 64 << 30  # bytes of one filing over HTTP

ACTS: dict[str, tuple[type[BaseModel], str, str]] = {
    "return": (shape.Reason, "cases:review", "Give a filing back as incomplete."),
    "accept": (shape.Nothing, "cases:review", "Accept a filing as complete; the clock starts."),
    "conflict": (shape.Conflict, "cases:review", "Declare an interest in a case."),
    "stop": (shape.Question, "cases:review", "Stop the clock with a question."),
    "restart": (shape.Answer, "cases:file", "Answer it; the clock goes on."),
    "draft": (shape.Drafting, "cases:review", "Determine under the pinned line, and draft the permit."),
    "respond": (shape.Response, "cases:file", "Be heard on an adverse draft."),
    "sign": (shape.Signing, "cases:sign", "Vote on the draft with a signature made elsewhere."),
    "decide": (shape.Nothing, "cases:review", "Decide, where enough have signed."),
    "publish": (shape.Nothing, "cases:review", "Publish the permit."),
    "vary": (shape.Reason, "cases:review", "Open a decision again."),
    "reassess": (shape.Grounds, "cases:file", "Ask for a reassessment."),
    "suspend": (shape.Reason, "cases:review", "Suspend the permit, at once."),
    "resume": (shape.Reason, "cases:review", "End a suspension."),
    "withdraw": (shape.Reason, "cases:file", "Withdraw the filing."),
    "recall": (shape.Reason, "cases:review", "Recall the permit, for good."),
    "appeal": (shape.Appealing, "cases:file", "Appeal against decision, tier or delay."),
    "rule": (shape.Ruling, "cases:appeals", "Rule on the pending appeal."),
}


@router.get("", summary="Cases that the caller may see")
def list_cases(joined: Joined, caller: Reader) -> shape.CasesAnswer:
    return shape.CasesAnswer.model_validate({"cases": joined.cases(own(caller))})


@router.post(
    "",
    status_code=201,
    summary="File a release",
    description="The body is a file or an archive (.zip, .tar, .tar.gz); a brightline.toml inside it is the declaration.",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def file_case(
    request: Request,
    joined: Joined,
    caller: Annotated[Caller, Depends(needs("cases:file"))],
    name: Annotated[
        str, Query(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$", description="model.zip, model.safetensors")
    ],
    title: Annotated[str | None, Query(min_length=1, max_length=400, pattern=r"\S")] = None,
    line: Annotated[str, Query(pattern=r"^[a-z0-9-]{1,60}$")] = "lessig",
    affiliate: Annotated[list[shape.Name] | None, Query(max_length=8)] = None,
    base: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
) -> shape.CaseAnswer:
    folder = joined.upload_place()
    place = folder / name
    try:
        size = 0
        with place.open("wb") as kept:
            async for block in request.stream():
                size += len(block)
                if size > UPLOAD:
                    raise Declined("INPUT", f"a filing over HTTP has at most {UPLOAD} bytes; file it at the desk.")
                kept.write(block)
        if not size:
            raise Declined("INPUT", "the body is empty: send a file or an archive.")
        terms = {"title": title, "line": line, "affiliates": affiliate or [], "base": base}
        return shape.CaseAnswer.model_validate(await run_in_threadpool(joined.file, place, caller.holder, terms))
    finally:
        place.unlink(missing_ok=True)
        folder.rmdir()


@router.get("/{number}", summary="One case, with its record")
def show_case(number: Number, joined: Joined, caller: Reader) -> shape.CaseAnswer:
    return shape.CaseAnswer.model_validate(joined.case(number, own(caller)))


@router.get("/{number}/report", summary="What inspection found")
def show_report(number: Number, joined: Joined, caller: Reader) -> dict[str, Any]:
    return joined.report(number, own(caller))


@router.get("/{number}/draft", summary="What an approver signs")
def show_draft(
    number: Number, joined: Joined, _caller: Annotated[Caller, Depends(needs("cases:sign"))]
) -> shape.PayloadAnswer:
    return shape.PayloadAnswer.model_validate(joined.draft(number))


@router.post("/{number}/examination", status_code=202, summary="Begin an examination, or join the one that runs")
def examine(
    number: Number, joined: Joined, caller: Annotated[Caller, Depends(needs("cases:examine"))]
) -> shape.ProgressAnswer:
    return shape.ProgressAnswer.model_validate(joined.examine(number, caller.holder))


@router.get("/{number}/examination", summary="How far the examination is")
def examined(number: Number, joined: Joined, caller: Reader) -> shape.ProgressAnswer:
    return shape.ProgressAnswer.model_validate(joined.progress(number, own(caller)))


@router.delete("/{number}/examination", summary="Cancel the examination that runs")
def cancel(
    number: Number, joined: Joined, _caller: Annotated[Caller, Depends(needs("cases:examine"))]
) -> shape.CancelAnswer:
    return shape.CancelAnswer.model_validate(joined.cancel(number))


def _add(act: str, model: Any, scope: str, summary: str) -> None:
    def perform(
        number: Number, body: model, joined: Joined, caller: Annotated[Caller, Depends(needs(scope))]
    ) -> shape.CaseAnswer:
        said = json.loads(body.model_dump_json(exclude_none=True))
        return shape.CaseAnswer.model_validate(joined.act(act, number, caller.holder, said, own(caller)))

    perform.__name__ = f"{act}_case"
    router.post(f"/{{number}}/{act}", summary=summary)(perform)


for _act, (_model, _scope, _summary) in ACTS.items():
    _add(_act, _model, _scope, _summary)
