"""A public server over a memory source, really listening on loopback, and clients that speak to it octet by
octet.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from uvicorn import Server

from sceau.publication import FolderShelf, OcspService, PublicApp, build_app, server_for
from sceau.status import IssuerIdentity, OcspSigner, StatusSource
from tests.status_kit import Pki, leaf

VALID = timedelta(hours=12)


def ask(
    pki: Pki, serial: int, *, algorithm: hashes.HashAlgorithm | None = None, nonce: bytes | None = None
) -> bytes:
    """The DER of a request, made by a library that is not ours."""
    certificate = x509.load_der_x509_certificate(leaf(pki, serial))
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, pki.certificate, algorithm or hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


@dataclass
class Listening:
    """A server that listens, its application and its port."""

    app: PublicApp
    server: Server
    port: int


@contextmanager
def listening(app: PublicApp, *, set_up: Callable[[Server], None] = lambda _: None) -> Iterator[Listening]:
    """`app` on a free port of loopback for the length of a `with`."""
    server = server_for(app, host="127.0.0.1", port=0)
    set_up(server)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        patience = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < patience
            time.sleep(0.01)
        (port,) = {sock.getsockname()[1] for one in server.servers for sock in one.sockets}
        yield Listening(app, server, port)
    finally:
        server.should_exit = True
        thread.join(20)


def app_over(
    folder: Path,
    issuers: list[IssuerIdentity],
    *,
    source: StatusSource,
    signer: Callable[[str, int], OcspSigner | None],
    prepared: object = None,
) -> PublicApp:
    """The product's own application."""
    service = OcspService(issuers, source, signer, VALID, prepared)  # type: ignore[arg-type]
    return build_app(FolderShelf(folder), ocsp=service)


@dataclass
class Said:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ocsp(self) -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(self.body)


@dataclass
class Client:
    """A connection that sends what it is given and reads answers one after the other."""

    port: int
    link: socket.socket = field(init=False)
    kept: bytes = b""

    def __post_init__(self) -> None:
        self.link = socket.create_connection(("127.0.0.1", self.port), 20)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.link.close()

    def send(self, data: bytes) -> None:
        self.link.sendall(data)

    def read(self, *, head_only: bool = False) -> Said:
        """The next answer; an interim one (100) is read over."""
        while b"\r\n\r\n" not in self.kept:
            self._more()
        head, _, self.kept = self.kept.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        if status == 100:
            return self.read(head_only=head_only)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = 0 if head_only or status == 304 else int(headers.get("content-length", "0"))
        while len(self.kept) < size:
            self._more()
        body, self.kept = self.kept[:size], self.kept[size:]
        return Said(status, headers, body)

    def post(self, body: bytes, *lines: str, path: str = "/") -> Said:
        self.send(post(body, *lines, path=path))
        return self.read()

    def get(self, path: str, *lines: str) -> Said:
        self.send(get(path, *lines))
        return self.read()

    def is_closed(self, seconds: float) -> bool:
        """Whether the server closes the connection within `seconds`."""
        self.link.settimeout(seconds)
        try:
            return self.link.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def _more(self) -> None:
        data = self.link.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        self.kept += data


def get(path: str, *lines: str, method: str = "GET") -> bytes:
    """A request without body."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: here", *lines, "", "")).encode("latin-1")


def post(body: bytes, *lines: str, path: str = "/") -> bytes:
    """A request with a body."""
    sent = ("Content-Type: application/ocsp-request", f"Content-Length: {len(body)}", *lines)
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: here", *sent, "", "")).encode("latin-1") + body
