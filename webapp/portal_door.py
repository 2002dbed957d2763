"""Talk to the county's portal (OpenID Connect): where one signs in there, who came back, where one signs out.

Authlib does the protocol: authorization code with PKCE, the ID token's signature and claims. What is ours is to trust
nothing else: every address lies at the portal's own hosts, nothing redirects us, no answer is endless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError, InvalidURL  # noqa: A004  # requests calls it so
from urllib3.exceptions import HTTPError

from ledger.portal_settings import Portal
from webapp.portal import Errand, PortalAway, PortalDistrusted, Vouched

SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})  # no shared secret signs for the portal
_MOST_BYTES = 262_144  # of an answer
_KNOWN_FOR = timedelta(hours=1)
_ASKED_AGAIN = timedelta(minutes=1)  # a token under an unknown key makes us look for new keys once in this time
_LEFT_ALONE = timedelta(seconds=15)  # after it did not answer
_SKEW_SECONDS = 60  # between the portal's clock and ours
_USUAL_WAY = "client_secret_basic"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass
class _Known:
    offers: Mapping[str, Any]
    keys: KeySet
    asked_at: datetime


class _Guard(HTTPAdapter):
    """Let through only what goes to the portal's own hosts, and read no more of an answer than it may have."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        super().__init__(max_retries=0)

    def send(self, request: PreparedRequest, *_: Any, **options: Any) -> Response:
        if not self.portal.admits(request.url or ""):
            raise InvalidURL("an address that is not the portal's")
        answer = super().send(request, **{**options, "stream": True})
        try:
            body = answer.raw.read(_MOST_BYTES + 1, decode_content=True)
        except HTTPError as broken:
            raise ConnectionError("the portal's answer broke off") from broken
        finally:
            answer.close()
        if len(body) > _MOST_BYTES:
            raise RequestException("the portal's answer does not end")
        answer._content, answer._content_consumed = body, True
        return answer


class PortalDoor:
    """One installation's way to its portal; what the portal offers and its keys are asked for once an hour."""

    def __init__(self, portal: Portal, back: str) -> None:
        self._portal = portal
        self._back = back  # where the portal sends people back to, as it was registered there
        self._known: _Known | None = None
        self._failed_at: datetime | None = None
        self._turn = Lock()

    def begin(self, now: datetime) -> tuple[str, Errand]:
        """Return the address to sign in at, and what to remember until the person comes back; PortalAway."""
        errand = Errand(token_urlsafe(32), token_urlsafe(32), token_urlsafe(48))
        offers = self._offers(now).offers
        with self._session(offers) as session:
            address, _state = session.create_authorization_url(
                offers["authorization_endpoint"],
                state=errand.state,
                code_verifier=errand.verifier,
                nonce=errand.nonce,
            )
        return str(address), errand

    def finish(self, code: str, errand: Errand, now: datetime) -> Vouched:
        """Return who signed in, for the code they came back with; raises PortalAway, PortalDistrusted.

        Each code is worth one attempt: the portal takes none twice.
        """
        offers = self._offers(now).offers
        try:
            with self._session(offers) as session:
                given = session.fetch_token(
                    offers["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=errand.verifier,
                )
        except OAuthError as refused:
            raise PortalDistrusted("code") from refused
        except (RequestException, ValueError) as away:
            raise PortalAway from away
        token, access = given.get("id_token"), given.get("access_token")
        if not isinstance(token, str):
            raise PortalDistrusted("no_token")
        try:
            claims = self._claims(token, access if isinstance(access, str) else None, errand.nonce, now)
        except (JoseError, ValueError, TypeError) as wrong:
            raise PortalDistrusted("token") from wrong
        name = claims.get(self._portal.claim)
        if not isinstance(name, str) or not name:
            raise PortalDistrusted("claim")
        return Vouched(name, token)

    def leaving(self, token: str, after: str, now: datetime) -> str | None:
        """Return the address that ends the portal's own session; None where it has none. PortalAway."""
        end = self._offers(now).offers.get("end_session_endpoint")
        if not isinstance(end, str) or not self._portal.admits(end):
            return None
        hint = [("id_token_hint", token)] if token else []
        return str(
            add_params_to_uri(end, [*hint, ("client_id", self._portal.client_id), ("post_logout_redirect_uri", after)])
        )

    def issued(self, issuer: str) -> bool:
        """Say whether the issuer told on the way back (RFC 9207) is the portal, or none was told."""
        return issuer in ("", self._portal.issuer)

    def _claims(self, token: str, access: str | None, nonce: str, now: datetime) -> Mapping[str, Any]:
        """Check the signature and every claim of an ID token (OpenID Connect Core 3.1.3.7)."""
        registry = JWSRegistry(algorithms=SIGNED_WITH, strict_check_header=False)
        try:
            read = jwt.decode(token, self._offers(now).keys, registry=registry)
        except InvalidKeyIdError:
            read = jwt.decode(token, self._offers(now, _ASKED_AGAIN).keys, registry=registry)
        options = {
            "iss": {"essential": True, "value": self._portal.issuer},
            "aud": {"essential": True, "value": self._portal.client_id},
        }
        asked = {"nonce": nonce, "client_id": self._portal.client_id, "access_token": access}
        claims = CodeIDToken(read.claims, read.header, options, asked)
        claims.validate(now=int(now.timestamp()), leeway=_SKEW_SECONDS)
        found: Mapping[str, Any] = claims
        return found

    def _offers(self, now: datetime, lives: timedelta = _KNOWN_FOR) -> _Known:
        """Return what the portal says of itself and its keys, no older than `lives`; PortalAway.

        A portal that did not answer is left alone for a while: whoever asks meanwhile must not wait for it too.
        """
        if not self._turn.acquire(timeout=self._portal.timeout_seconds):
            raise PortalAway
        try:
            if self._known is not None and now - self._known.asked_at <= lives:
                return self._known
            if self._failed_at is not None and now - self._failed_at < _LEFT_ALONE:
                raise PortalAway
            self._failed_at = now  # until it has answered
            self._known = self._ask(now)
            self._failed_at = None
            return self._known
        finally:
            self._turn.release()

    def _ask(self, now: datetime) -> _Known:
        portal = self._portal
        try:
            with self._session({}) as session:
                offers = _read(session, portal.issuer.rstrip("/") + "/.well-known/openid-configuration")
                strange = [name for name in _ENDPOINTS if not portal.admits(str(offers.get(name)))]
                if offers.get("issuer") != portal.issuer or strange:
                    raise ValueError("the portal describes another: " + " ".join(strange or ["issuer"]))
                keys = [each for each in _read(session, offers["jwks_uri"])["keys"] if each.get("kty") in _KEY_TYPES]
            return _Known(offers, KeySet.import_key_set({"keys": keys}), now)
        except (RequestException, JoseError, ValueError, KeyError, TypeError, AttributeError) as away:
            raise PortalAway from away

    def _session(self, offers: Mapping[str, Any]) -> Any:
        portal, secret = self._portal, self._portal.client_secret.get_secret_value()
        ways = str(offers.get("token_endpoint_auth_methods_supported") or _USUAL_WAY)
        proved = "none" if not secret else _USUAL_WAY if _USUAL_WAY in ways else "client_secret_post"
        session = OAuth2Session(
            client_id=portal.client_id,
            client_secret=secret or None,
            token_endpoint_auth_method=proved,
            scope=portal.scope,
            redirect_uri=self._back,
            code_challenge_method="S256",
            default_timeout=portal.timeout_seconds,
        )
        session.trust_env = False  # no proxy and no password of the machine's user on the way
        session.max_redirects = 0
        session.verify = str(portal.authority) if portal.authority else True
        session.adapters.clear()
        session.mount("https://", _Guard(portal))
        session.mount("http://", _Guard(portal))
        return session


def _read(session: Any, address: str) -> dict[str, Any]:
    """Return the JSON object at an address of the portal; ValueError when it is none."""
    answer = session.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    read = answer.json()
    if not isinstance(read, dict):
        raise ValueError("the portal's answer is no object")
    return read
