"""Device login (RFC 8628), as `hf auth login` speaks it; and the page where a person lets the device in."""

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Account, Turned

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
QUIET = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, section 5.1
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Let a device in</title><style>body{{font:16px/1.5 system-ui;max-width:32em;margin:2em auto;padding:0 1em}}
input{{font:inherit;width:100%;box-sizing:border-box}}button{{font:inherit}}label{{display:block;margin:1em 0}}</style><h1>Let a device in</h1><p>{said}</p>{form}</html>"""
FORM = """<form method="post" action="device"><label>The code that your device shows
<input name="user_code" value="{code}" autocomplete="off" required></label>
<label>A token of this office, with hub:read or hub:write<input name="token" type="password" required></label>
<button name="answer" value="yes">Let it in</button> <button name="answer" value="no">Turn it away</button></form>"""
ASKED = (
    "Only if you began `hf auth login` yourself, just now, and the code is the one it shows: the device will act in your"
    " name, as far as your token lets it at this hub. Where this office knows a sign-in, /api/v1/signin gives you a token."
)
STRICT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    **QUIET,
}


async def device(request: Request) -> Response:
    await asking.form(request)
    codes = await asking.off(asking.host(request).device)
    page = f"{asking.address(request)}/device"
    codes |= {"verification_uri": page, "verification_uri_complete": f"{page}?user_code={codes['user_code']}"}
    return JSONResponse(codes, headers=QUIET)


async def token(request: Request) -> Response:
    """Errors are the OAuth ones (RFC 6749, section 5.2), which clients tell apart."""
    if "json" in request.headers.get("content-type", ""):
        wanted = {key: [str(value)] for key, value in (await asking.document(request)).items()}
    else:
        wanted = await asking.form(request)
    grant = wanted.get("grant_type", [""])[0]
    if grant != DEVICE:
        said = "A device is let in by its code; tokens are neither refreshed nor exchanged here: log in again."
        refused = "invalid_grant" if grant == "refresh_token" else "unsupported_grant_type"
        return JSONResponse({"error": refused, "error_description": said}, 400, QUIET)
    code = wanted.get("device_code", [""])[0][:1_000]
    answer = await asking.off(lambda: asking.host(request).device_token(code))
    return JSONResponse(answer, 400 if "error" in answer else 200, QUIET)


async def page(request: Request) -> Response:
    form = FORM.format(code=html.escape(request.query_params.get("user_code", "")[:40], quote=True))
    return HTMLResponse(PAGE.format(said=html.escape(ASKED), form=form), headers=STRICT)


async def let_in(request: Request) -> Response:
    """From the page, with a token in the form; or from a program, with a token as everywhere."""
    given = await asking.form(request)
    code, yes = given.get("user_code", [""])[0], given.get("answer", ["yes"])[0] != "no"
    try:
        account = await _shown(request, given.get("token", [""])[0].strip())
        await asking.off(lambda: asking.host(request).let_in(account, code, yes=yes))
    except Turned as trouble:
        return HTMLResponse(PAGE.format(said=html.escape(str(trouble)), form=""), trouble.status, STRICT)
    said = "The device is let in: it will say so in a moment." if yes else "The device was turned away."
    return HTMLResponse(PAGE.format(said=said, form=""), headers=STRICT)


async def _shown(request: Request, secret: str) -> Account | None:
    """Raises Turned."""
    if not secret:
        return await asking.account(request)
    found = await asking.off(lambda: asking.host(request).account(secret))
    if found is None:
        raise Turned(401, "The office knows no such token, or it has expired.")
    return found


ROUTES = [
    Route("/oauth/device", device, methods=["POST"]),
    Route("/oauth/token", token, methods=["POST"]),
    Route("/device", page, methods=["GET"]),
    Route("/device", let_in, methods=["POST"]),
]
