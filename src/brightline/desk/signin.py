"""Signing in through an OpenID Connect provider (Authlib): who comes back gets a token of this office."""

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Request
from httpx import HTTPError
from starlette.responses import RedirectResponse

from brightline.desk import documents as shape
from brightline.desk.admission import Joined
from brightline.desk.service import Declined

PREFIX = "oidc:"  # a person who signed in is never mistaken for a holder of that name


def sign_in_router(issuer: str, client_id: str, client_secret: str, address: str) -> APIRouter:
    """`/signin` sends the browser away, `/signin/back` takes it back."""
    router = APIRouter(prefix="/signin", tags=["sign-in"])
    provider = OAuth().register(
        name="provider",
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=client_id,
        client_secret=client_secret,
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
    )

    @router.get("", status_code=302, summary="Sign in", response_class=RedirectResponse)
    async def begin(request: Request) -> RedirectResponse:
        try:
            sent: RedirectResponse = await provider.authorize_redirect(request, f"{address}/api/v1/signin/back")
        except (HTTPError, OAuthError) as trouble:
            raise Declined("SIGN-IN", f"the provider does not answer: {trouble}") from None
        return sent

    @router.get("/back", summary="Where the provider sends the browser back to")
    async def back(request: Request, joined: Joined) -> shape.SecretAnswer:
        try:
            granted = await provider.authorize_access_token(request)
        except (HTTPError, OAuthError) as trouble:
            raise Declined("SIGN-IN", f"the provider did not confirm who you are: {trouble}. Sign in again.") from None
        claims = granted.get("userinfo") or {}
        verified = claims.get("email") if claims.get("email_verified") is True else None
        person = f"{PREFIX}{verified}" if verified else f"{PREFIX}{issuer}#{claims['sub']}"  # never one as the other
        return shape.SecretAnswer.model_validate(joined.sign_in(person))

    return router
