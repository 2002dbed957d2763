"""Local servers that speak the providers' protocols: what they were sent is kept, what they answer is told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = Callable[[str, bytes], tuple[int, bytes]]
"""Path and body of a request → status and body of the answer."""


@dataclass
class Provider:
    """An HTTP server on this machine; `requests` are (path, headers, body) in the order they came."""

    url: str
    port: int
    answer: Answer
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def provider(answer: Answer) -> Iterator[Provider]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # who sent it was killed on the way: nothing has arrived
                return
            serving.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, told = serving.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Keep quiet about a client that was killed before it had its answer."""

    server = Server(("127.0.0.1", 0), Handler)
    serving = Provider(f"http://127.0.0.1:{server.server_port}", server.server_port, answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield serving
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Post:
    """What a mail server was given; `refuse` maps a receiver to the answer it gets instead."""

    got: list[Envelope] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    connections: int = 0

    async def handle_EHLO(  # noqa: N802  # named by aiosmtpd
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  # as above
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802  # as above
        self.got.append(envelope)
        return "250 OK"


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that is its own authority."""

    certificate: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


def certificate(folder: Path, now: datetime | None = None) -> Certificate:
    """Make a certificate that holds for a day around `now`, today when left out: TLS asks the real clock."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "server.pem", folder / "server.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return Certificate(pem, secret)


@contextmanager
def mail_server(post: Post, *, tls: Certificate | None = None, starttls: Certificate | None = None) -> Iterator[int]:
    """Run a mail server that knows one account, 提醒 with password 口令; yields its port."""
    more: dict[str, Any] = {}
    if tls is not None:
        more["ssl_context"] = tls.context
    if starttls is not None:
        more |= {"tls_context": starttls.context, "require_starttls": True}

    def sign_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"reminder", b"secret"), handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller must be told a port that nobody uses
        port = free.getsockname()[1]
    controller = Controller(
        post, hostname="127.0.0.1", port=port, authenticator=sign_in, auth_require_tls=starttls is not None, **more
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
