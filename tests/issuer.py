"""A small portal of our own: discovery, sign-in, tokens and keys of OpenID Connect, at an address of this machine.

It does what the standard asks of a portal (a code counts once, and only with the secret behind its challenge), and
signs whatever a test lets it sign.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "sigeyipi", "portal-secret"
KEYS = {
    "RS256": RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "e1", "use": "sig"}),
}
NEXT_KEY = ECKey.generate_key("P-256", {"kid": "e2", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "r1"})
Claims = dict[str, Any]
Sign = Callable[["Issuer", Claims], str]


def signed(algorithm: str = "RS256", key: Any = None, kid: str | None = None) -> Sign:
    """Sign as a portal does; with another key, or under another key's name, as somebody else would."""

    def sign(_issuer: Issuer, claims: Claims) -> str:
        used = key or KEYS[algorithm]
        return jwt.encode({"alg": algorithm, "kid": kid or used.kid}, claims, used, algorithms=[algorithm])

    return sign


def unsigned(_issuer: Issuer, claims: Claims) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def signed_with_the_public_key(_issuer: Issuer, claims: Claims) -> str:
    """Take the published key for a shared secret, as a careless reader would let one."""
    text = f"{_part({'alg': 'HS256', 'kid': 'r1'})}.{_part(claims)}"
    secret = KEYS["RS256"].as_pem(private=False)
    return f"{text}.{_text(hmac.digest(secret, text.encode(), 'sha256'))}"


def _part(value: Any) -> str:
    return _text(json.dumps(value).encode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Issuer:
    """The portal; what it says of itself (`offers`), of the person (`claims`), and how it signs can be changed."""

    url: str
    person: str = "sangzhezhen.jingban"
    claims: Claims = field(default_factory=dict)
    offers: dict[str, Any] = field(default_factory=dict)
    sign: Sign = field(default_factory=lambda: signed())
    published: list[Any] = field(default_factory=lambda: list(KEYS.values()))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answer: Callable[[str], tuple[int, dict[str, str], bytes] | None] = lambda _path: None

    def metadata(self) -> dict[str, Any]:
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/end",
        }
        return {name: value for name, value in {**told, **self.offers}.items() if value is not None}

    def let_in(self, address: str) -> str:
        """Be the person who signs in at the address our site sent them to; returns where they are sent back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT
        code = token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def token(self, body: bytes, authorization: str) -> tuple[int, dict[str, Any]]:
        """Give a token for a code, once, to who knows the client's secret and what lies behind the challenge."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = _text(sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(datetime.now(UTC).timestamp())
        told = {"iss": self.url, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        told |= {"preferred_username": self.person, **self.claims}
        claims = {name: value for name, value in told.items() if value is not None}
        return 200, {"access_token": "a" * 20, "token_type": "Bearer", "id_token": self.sign(self, claims)}


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Run a portal at a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:  # http.server names it so
            path = urlsplit(self.path).path
            issuer.asked.append(path)
            known = {
                "/.well-known/openid-configuration": issuer.metadata,
                "/keys": lambda: {"keys": [key.as_dict(private=False) for key in issuer.published]},
            }
            self._send(*(issuer.answer(path) or (200, {}, json.dumps(known[path]()).encode())))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            issuer.asked.append(self.path)
            status, told = issuer.token(body, self.headers.get("Authorization", ""))
            self._send(*(issuer.answer(self.path) or (status, {}, json.dumps(told).encode())))

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
