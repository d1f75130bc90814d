"""The load: wrk over a pool of prepared requests, bounded in time and in number, on loopback only, on its own
core.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.plan import LOAD_CORE
from bench.rounds import Sample
from bench.servers import Running, ServerFailedError


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a pool."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


_SCRIPT = """
local at, sent, pool = 0, 0, {}
function init(args)
  at = tonumber(args[1])
  for _, r in ipairs(dofile("%(pool)s")) do
    pool[#pool + 1] = wrk.format(r[1], r[2], r[3], r[4])
  end
end
function request()
  at = at %% #pool + 1
  sent = sent + 1
  if sent >= %(most)d then wrk.thread:stop() end
  return pool[at]
end
function done(summary, latency, requests)
  local e = summary.errors
  local broken = e.connect + e.read + e.write
  io.write(string.format("BENCH %%d %%d %%d %%d\\n", summary.requests, broken, e.status, e.timeout))
end
"""
_ANSWER = re.compile(r"BENCH (\d+) (\d+) (\d+) (\d+)")
_MOST = 400_000


class Load:
    """A pool of requests to be sent to one server, `clients` at once.

    With `once`, no request is ever sent twice (a key is certified once): the pool is used up, sample by
    sample.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        pool: Sequence[Request],
        *,
        clients: int = 32,
        tls: bool = False,
        once: bool = False,
    ) -> None:
        if shutil.which("wrk") is None:
            raise ServerFailedError("wrk is not installed (apt-get install wrk)")
        folder.mkdir(parents=True, exist_ok=True)
        self._script = folder / f"{name}.lua"
        self._clients = clients
        self._pool = pool
        self._tls = tls
        self._once = once
        self._used = 0
        self._table = folder / f"{name}-pool.lua"
        self._table.write_bytes(_as_table(pool))

    def prove(self, server: Running, judge: Callable[[int, bytes], object], *, most: int = 2_000) -> None:
        """Send each request of the pool once and have `judge(position, body)` look at each answer.

        Under load only the status is counted, and a redirection is a success to wrk: what is asked must be
        known good.
        """
        first = self._used if self._once else 0
        with contextlib.closing(self._connection(server.port)) as connection:
            for at, request in enumerate(self._pool[first : first + most], start=first):
                connection.request(request.method, request.path, request.body or None, dict(request.headers))
                answer = connection.getresponse()
                body = answer.read()
                self._used += 1
                if not 200 <= answer.status < 300:
                    asked = f"{request.method} {request.path[:60]}"
                    raise ServerFailedError(f"{server.name}: {asked} gave {answer.status} {body[:400]!r}")
                judge(at, body)

    def sample(self, server: Running, *, seconds: float) -> Sample:
        """Load `server` for about `seconds`, and count what it answered."""
        before = server.cpu()
        done = self.run(server, seconds)
        return Sample(done, server.cpu() - before)

    def run(self, server: Running, seconds: float) -> int:
        """Load `server` for about `seconds`; how many answers came back in that time.

        An answer that is no success makes the whole sample worthless: `ServerFailedError`.
        """
        left = len(self._pool) - self._used - 2 * self._clients if self._once else _MOST
        if left < 1:
            raise ServerFailedError(f"{server.name}: the pool of requests is used up")
        self._script.write_text(_SCRIPT % {"pool": self._table, "most": left})
        command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{self._clients}", "--timeout", "20s"]
        command += [f"-d{max(1, round(seconds))}s", "-s", str(self._script)]
        command += [f"{'https' if self._tls else 'http'}://127.0.0.1:{server.port}/"]
        command += ["--", str(self._used if self._once else 0)]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 90, check=False)
        told = _ANSWER.search(answer.stdout)
        if told is None:
            raise ServerFailedError(f"wrk said: {(answer.stdout + answer.stderr)[-300:]}")
        requests, broken, refused, late = map(int, told.groups())
        self._used += requests + self._clients + 2  # those under way at the end, and one that wrk looks at
        if broken or refused or late:
            text = f"{requests} answers, {broken} broken, {refused} refused, {late} late"
            raise ServerFailedError(f"{server.name}: {text}")
        return requests

    def _connection(self, port: int) -> http.client.HTTPConnection:
        if not self._tls:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        anybody = ssl.create_default_context()  # our own server, on loopback, under its own authority
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=300, context=anybody)


def _as_table(pool: Sequence[Request]) -> bytes:
    """The pool as Lua reads it: a function may hold 65,536 constants, so each some thousands have their
    own.
    """
    pieces = [b"local pool = {}\n"]
    for at in range(0, len(pool), _OF_A_FUNCTION):
        piece = b"".join(map(_as_lua, pool[at : at + _OF_A_FUNCTION]))
        pieces.append(
            b"for _, r in ipairs((function() return {\n" + piece + b"} end)()) do pool[#pool + 1] = r end\n"
        )
    return b"".join(pieces) + b"return pool\n"


_OF_A_FUNCTION = 4_000


def _as_lua(request: Request) -> bytes:
    headers = b",".join(
        b"[" + _text(name.encode()) + b"]=" + _text(value.encode()) for name, value in request.headers.items()
    )
    body = _text(request.body) if request.body else b"nil"
    method, path = _text(request.method.encode()), _text(request.path.encode())
    return b"{%s,%s,{%s},%s},\n" % (method, path, headers, body)


def _text(octets: bytes) -> bytes:
    """A Lua string of any octets."""
    return b'"' + b"".join(_LUA[octet] for octet in octets) + b'"'


_LUA = [
    bytes((octet,)) if 0x20 <= octet < 0x7F and octet not in b'"\\' else b"\\%03d" % octet
    for octet in range(256)
]
