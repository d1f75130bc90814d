"""The provider's process (see `psc_kit`): `psc_provider.py FOLDER CLIENT BACK`. Imports nothing of ours."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import ssl
import sys
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

FOLDER, CLIENT, BACK = Path(sys.argv[1]), sys.argv[2], sys.argv[3]


class State:
    """What this provider knows, and the lies it was told to tell."""

    keys: ClassVar[list[RSAKey]] = [RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "one"})]
    other = RSAKey.generate_key(2048, {"kid": "one"})
    codes: ClassVar[dict[str, dict[str, str]]] = {}
    tokens: ClassVar[dict[str, dict[str, Any]]] = {}
    twist: ClassVar[dict[str, Any]] = {}


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def issuer(port: int) -> str:
    return f"https://localhost:{port}/realm"


def id_token(asked: dict[str, str], access: str, port: int) -> str:
    now = int(State.twist.get("now", time.time()))
    half = b64(hashlib.sha256(access.encode()).digest()[:16])
    claims = {
        "iss": issuer(port),
        "sub": "f:realm:1",
        "aud": CLIENT,
        "azp": CLIENT,
        "exp": now + 300,
        "iat": now,
        "auth_time": now,
        "nonce": asked.get("nonce", ""),
        "acr": asked.get("acr_values", ""),
        "at_hash": half,
        **State.twist.get("claims", {}),
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    key = State.keys[-1]
    how = State.twist.get("sign", "RS256")
    if how == "none":
        return f"{b64(json.dumps({'alg': 'none'}).encode())}.{b64(json.dumps(claims).encode())}."
    if how == "HS256":  # with the public key, which everybody has, as the secret
        head = {"alg": "HS256", "kid": key.kid}
        signed = ".".join(b64(json.dumps(one).encode()) for one in (head, claims))
        secret = key.as_pem(private=False)
        return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"
    if how == "embedded":  # its own key brought along in the header
        header = {"alg": "RS256", "jwk": State.other.as_dict(private=False)}
        return jwt.encode(header, claims, State.other)
    signer = State.other if how == "another-key" else key
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, signer)


class Handler(BaseHTTPRequestHandler):
    """The five addresses of a provider, and the one by which a test speaks to it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    @property
    def port(self) -> int:
        address: Any = self.server.server_address
        return int(address[1])

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        raw = json.dumps(body if body is not None else {}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def client(self) -> str:
        tls: Any = self.connection
        shown: Any = tls.getpeercert()
        return (
            ""
            if not shown
            else str({name: value for ((name, value),) in shown["subject"]}.get("commonName", ""))
        )

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/auth":
            self.authorize({name: values[0] for name, values in parse_qs(parts.query).items()})
        elif parts.path == "/realm/certs":
            self.answer(200, {"keys": [one.as_dict(private=False) for one in State.keys[-1:]]})
        elif parts.path == "/realm/userinfo":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            found = State.tokens.get(token)
            self.answer(200, found) if found else self.answer(401)
        else:
            self.answer(404)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/control":
            State.twist = json.loads(raw)
            if State.twist.pop("rotate", False):
                name = f"key-{len(State.keys)}"
                State.keys.append(RSAKey.generate_key(2048, {"use": "sig", "kid": name}))
            self.answer(200)
        elif self.path == "/realm/token":
            self.exchange({name: values[0] for name, values in parse_qs(raw).items()})
        else:
            self.answer(404)

    def authorize(self, asked: dict[str, str]) -> None:
        wanted = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": BACK,
            "code_challenge_method": "S256",
            "acr_values": "eidas1",
        }
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        long = all(len(asked.get(name, "")) >= 43 for name in ("state", "nonce", "code_challenge"))
        if wrong or not long or "openid" not in asked.get("scope", "").split():
            self.answer(400, {"error": "invalid_request", "wrong": wrong})
            return
        code = secrets.token_urlsafe(24)
        State.codes[code] = asked
        told = {"code": code, "state": asked["state"], "iss": issuer(self.port)}
        told |= State.twist.get("back", {})
        self.answer(302, Location=f"{BACK}?{urlencode(told)}")

    def exchange(self, form: dict[str, str]) -> None:
        asked = State.codes.pop(form.get("code", ""), None)  # once
        proof = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        is_right = (
            asked is not None
            and self.client() == CLIENT == form.get("client_id")
            and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == BACK
            and proof == asked["code_challenge"]
        )
        if asked is None or not is_right:
            self.answer(400, {"error": "invalid_grant"})
            return
        access = secrets.token_urlsafe(24)
        person = State.twist.get("person", "899700041983")
        State.tokens[access] = {
            "sub": "f:realm:1",
            "SubjectNameID": person,
            "preferred_username": person,
            "given_name": "Camille",
            "family_name": "ESSAI",
            **State.twist.get("userinfo", {}),
        }
        token = id_token(asked, access, self.port)
        self.answer(200, {"access_token": access, "id_token": token, "token_type": "Bearer"})


def main() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(FOLDER / "localhost.pem", FOLDER / "localhost.key")
    tls.verify_mode = ssl.CERT_OPTIONAL  # a browser has none; the token address asks for it
    tls.load_verify_locations(cafile=str(FOLDER / "ca.pem"))
    server = ThreadingHTTPServer(("localhost", 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    partial = FOLDER / "port.part"
    partial.write_text(str(server.server_address[1]))
    partial.replace(FOLDER / "port")
    server.serve_forever()


if __name__ == "__main__":
    main()
