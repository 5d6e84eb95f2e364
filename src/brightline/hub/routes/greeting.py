"""What a person reads who opens an address of the hub with a browser: a client prints addresses, and people follow them.

The page follows from the address alone, and nothing is looked up for it: it is the same whether there is such a repository or not.
"""

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from brightline.hub import asking
from brightline.release.repository import Kind, Misnamed, RepoName, read_address

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A hub without pages</title><style>body{{font:16px/1.5 system-ui;max-width:40em;margin:2em auto;padding:0 1em}}
pre{{overflow-x:auto;padding:.5em;border:1px solid}}</style><h1>A hub without pages</h1>
<p>Models, datasets and spaces are kept here, and each part of them is served as was decided of it. Clients of the Hugging Face Hub
use it by its address; there is nothing to look at with a browser.</p><p>{what}, as far as you may have it:</p>
<pre>HF_ENDPOINT={hub} hf download {repository}</pre>
<p>Where you have a token of this office, show it first: <code>HF_ENDPOINT={hub} hf auth login</code>. What was decided, and why, is said by
the office, whose <a href="/api/v1/docs">API has a page</a>; whoever runs the office gives out tokens, and answers questions.</p></html>"""
STRICT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def by_a_person(request: Request) -> bool:
    """Browsers ask for pages, clients for anything; what is below /api is for programs."""
    page = "text/html" in request.headers.get("accept", "")
    return page and request.method == "GET" and not request.url.path.startswith("/api/")


def greet(request: Request) -> Response:
    path = request.url.path
    name = _named(path)
    said = {
        "what": "A repository is fetched by" if name is None else "If there is such a repository, this fetches it",
        "repository": "NAMESPACE/NAME" if name is None else _wanted(name),
        "hub": asking.address(request),
    }
    page = PAGE.format_map({key: html.escape(text) for key, text in said.items()})
    return HTMLResponse(page, 200 if path == "/" else 404, STRICT)


def _named(path: str) -> RepoName | None:
    """The repository whose page, commit or discussion it would be."""
    parts = path.strip("/").split("/")
    try:
        return read_address("/".join(parts[: 3 if parts[0] in ("datasets", "spaces") else 2]))
    except Misnamed:
        return None


def _wanted(name: RepoName) -> str:
    return str(name) if name.kind is Kind.MODEL else f"{name} --repo-type {name.kind}"
