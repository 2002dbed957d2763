"""Which addresses are the portal's own: nothing else is asked, and nobody is sent anywhere else (safety rule 9)."""

from __future__ import annotations

import pytest

from ledger.portal_settings import Portal

PORTAL = Portal(issuer="https://sso.example.gov.cn/realms/a", client_id="x", hosts=("keys.example.gov.cn:8443",))


@pytest.mark.parametrize(
    ("url", "admitted"),
    [
        ("https://sso.example.gov.cn/token", True),
        ("https://SSO.example.gov.cn/token", True),
        ("https://keys.example.gov.cn:8443/jwks", True),
        ("https://keys.example.gov.cn/jwks", False),
        ("http://sso.example.gov.cn/token", False),
        ("https://sso.example.gov.cn:444/token", False),
        ("https://sso.example.gov.cn.evil.example/", False),
        ("https://evil.example/sso.example.gov.cn", False),
        ("https://sso.example.gov.cn@evil.example/", False),
        ("https://evil.example\\@sso.example.gov.cn/", False),
        ("https://[sso.example.gov.cn/", False),
        ("//sso.example.gov.cn/", False),
        ("file:///etc/passwd", False),
        ("None", False),
    ],
)
def test_only_the_portal_s_own_hosts_are_asked(url: str, admitted: bool) -> None:
    assert PORTAL.admits(url) is admitted
