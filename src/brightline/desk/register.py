"""What is public: the charter, permits, orders and the log. And what is not: exposure, tokens, new orders."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from fastapi import Path as PathParameter
from starlette.responses import PlainTextResponse, Response

from brightline.desk import documents as shape
from brightline.desk.admission import Joined, needs
from brightline.desk.service import Caller

router = APIRouter()
Number = Annotated[int, PathParameter(ge=1, le=1 << 53)]
Text = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
Bytes = {200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}
ForEver = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/office", tags=["register"], summary="Which office this is")
def office(joined: Joined) -> shape.OfficeAnswer:
    return shape.OfficeAnswer.model_validate(joined.office())


@router.get("/charters", tags=["register"], summary="Every version of the charter", response_model_by_alias=True)
def charters(joined: Joined) -> shape.ChartersAnswer:
    return shape.ChartersAnswer.model_validate(joined.charters())


@router.get("/permits", tags=["register"], summary="Published permits")
def permits(joined: Joined) -> shape.PermitsAnswer:
    return shape.PermitsAnswer.model_validate({"permits": joined.permits()})


@router.get("/permits/{digest}", tags=["register"], summary="A permit: a DSSE envelope")
def permit(digest: shape.Digest, joined: Joined) -> dict[str, Any]:
    return joined.permit(digest)


@router.get(
    "/permits/{digest}/proof",
    tags=["register"],
    summary="Its tlog-proof, with a standing as of now",
    response_class=PlainTextResponse,
    responses=Text,  # type: ignore[arg-type]
)
def proof(digest: shape.Digest, joined: Joined) -> PlainTextResponse:
    return PlainTextResponse(joined.proof(digest), headers={"Cache-Control": "no-store"})


@router.get("/orders", tags=["register"], summary="Orders", response_model_by_alias=True)
def orders(joined: Joined) -> shape.OrdersAnswer:
    return shape.OrdersAnswer.model_validate({"orders": joined.orders()})


@router.post("/orders", status_code=201, tags=["orders"], summary="Issue an order, effective at once")
def issue(
    body: shape.Ordering, joined: Joined, caller: Annotated[Caller, Depends(needs("orders:write"))]
) -> shape.OrderAnswer:
    return shape.OrderAnswer.model_validate(joined.order(caller.holder, json.loads(body.model_dump_json())))


@router.post("/orders/{number}/lift", tags=["orders"], summary="Lift an order")
def lift(
    number: Number, body: shape.Reason, joined: Joined, caller: Annotated[Caller, Depends(needs("orders:write"))]
) -> shape.OrderAnswer:
    return shape.OrderAnswer.model_validate(joined.lift(number, caller.holder, body.reason))


@router.get("/cases/{number}/exposure", tags=["exposure"], summary="Who obtained which bytes")
def exposure(
    number: Number, joined: Joined, _caller: Annotated[Caller, Depends(needs("exposure:read"))]
) -> shape.ExposureAnswer:
    return shape.ExposureAnswer.model_validate(joined.exposures(number))


@router.get(
    "/log/checkpoint",
    tags=["log"],
    summary="The newest checkpoint",
    response_class=PlainTextResponse,
    responses=Text,  # type: ignore[arg-type]
)
def checkpoint(joined: Joined) -> PlainTextResponse:
    return PlainTextResponse(joined.checkpoint(), headers={"Cache-Control": "no-store"})


@router.get(
    "/log/tile/{path:path}",
    tags=["log"],
    summary="A tile, as C2SP tlog-tiles lays it out",
    response_class=Response,
    responses=Bytes,  # type: ignore[arg-type]
)
def tile(path: Annotated[str, PathParameter(min_length=1, max_length=80)], joined: Joined) -> Response:
    return Response(joined.tile(f"tile/{path}"), media_type="application/octet-stream", headers=ForEver)


@router.get(
    "/log/proof/{entry}",
    tags=["log"],
    summary="The tlog-proof of an entry",
    response_class=PlainTextResponse,
    responses=Text,  # type: ignore[arg-type]
)
def prove(entry: Annotated[int, PathParameter(ge=0, le=1 << 53)], joined: Joined) -> PlainTextResponse:
    return PlainTextResponse(joined.prove(entry))


@router.post(
    "/witness/add-checkpoint",
    tags=["log"],
    summary="Ask this office to cosign another's checkpoint (C2SP tlog-witness)",
    response_class=PlainTextResponse,
    responses={
        status: {"content": {"text/plain": {"schema": {"type": "string"}}}} for status in (200, 400, 403, 404, 409, 422)
    },
)
def add_checkpoint(
    joined: Joined, body: Annotated[str, Body(media_type="text/plain", max_length=1 << 20)]
) -> PlainTextResponse:
    status, said = joined.witness(body)
    kind = "text/x.tlog.size" if status == 409 else "text/plain"
    return PlainTextResponse(said, status, media_type=kind)


@router.get("/tokens", tags=["tokens"], summary="All tokens, without their secrets")
def tokens(joined: Joined, _caller: Annotated[Caller, Depends(needs("tokens:write"))]) -> shape.TokensAnswer:
    return shape.TokensAnswer.model_validate({"tokens": joined.tokens()})


@router.post("/tokens", status_code=201, tags=["tokens"], summary="Make a token")
def create_token(
    body: shape.TokenWanted, joined: Joined, _caller: Annotated[Caller, Depends(needs("tokens:write"))]
) -> shape.SecretAnswer:
    return shape.SecretAnswer.model_validate(joined.create_token(body.model_dump()))


@router.delete("/tokens/{identity}", tags=["tokens"], summary="Revoke a token")
def revoke_token(
    identity: Annotated[str, PathParameter(pattern=r"^[0-9a-f]{8}$")],
    joined: Joined,
    _caller: Annotated[Caller, Depends(needs("tokens:write"))],
) -> shape.Revoked:
    return shape.Revoked.model_validate(joined.revoke_token(identity))
