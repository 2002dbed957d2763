"""The county's portal, where there is one: whose word is taken for who is at the browser (OpenID Connect)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from ledger.channel_settings import Guarded, Seconds

_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


class Portal(Guarded):
    """How this system is known at the portal; `claim` is what the portal calls a person's sign-in name here."""

    issuer: str  # exactly as the portal writes itself in its ID tokens; what it offers is read from below it
    client_id: str
    client_secret: SecretStr = SecretStr("")  # none where the portal is content with PKCE
    claim: str = "preferred_username"
    scope: str = "openid profile"
    hosts: tuple[str, ...] = ()  # `host` or `host:port`, where the portal's addresses are not all at the issuer's
    authority: Path | None = None  # a certificate authority of the county's own, PEM
    timeout_seconds: Seconds = 5

    @field_validator("issuer")
    @classmethod
    def _guarded(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
            return issuer
        raise ValueError("issuer 须是 https 地址")

    def admits(self, url: str) -> bool:
        """Say whether `url` is an address of the portal, as well guarded as the issuer's own."""
        issuer = urlsplit(self.issuer)
        try:
            parts = urlsplit(url)
        except ValueError:  # a broken IPv6 address
            return False
        plain = not any(character <= " " or character in "\\@" for character in url)
        known = {issuer.netloc.lower(), *(host.lower() for host in self.hosts)}
        return plain and parts.scheme == issuer.scheme and parts.netloc.lower() in known
