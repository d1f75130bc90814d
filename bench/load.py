"""The load: wrk over a pool of prepared requests, bounded in time and in number, on loopback only, on its own
core.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
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
    """A pool of requests to be sent to one server, `clients` at once."""

    def __init__(self, folder: Path, name: str, pool: Sequence[Request], *, clients: int = 32) -> None:
        if shutil.which("wrk") is None:
            raise ServerFailedError("wrk is not installed (apt-get install wrk)")
        folder.mkdir(parents=True, exist_ok=True)
        self._script = folder / f"{name}.lua"
        self._clients = clients
        self._pool = pool
        table = folder / f"{name}-pool.lua"
        table.write_bytes(b"return {\n" + b"".join(map(_as_lua, pool)) + b"}\n")
        self._script.write_text(_SCRIPT % {"pool": table, "most": _MOST})

    def prove(self, server: Running, judge: Callable[[int, bytes], object], *, most: int = 2_000) -> None:
        """Send each request of the pool once and have `judge(position, body)` look at each answer.

        Under load only the status is counted, and a redirection is a success to wrk: what is asked must be
        known good.
        """
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        with contextlib.closing(connection):
            for at, request in enumerate(self._pool[:most]):
                connection.request(request.method, request.path, request.body or None, dict(request.headers))
                answer = connection.getresponse()
                body = answer.read()
                if not 200 <= answer.status < 300:
                    asked = f"{request.method} {request.path[:60]}"
                    raise ServerFailedError(f"{server.name}: {asked} gave {answer.status} {body[:200]!r}")
                judge(at, body)

    def sample(self, server: Running, *, seconds: float, watched: Sequence[Running] = ()) -> Sample:
        """Load `server` for about `seconds`; the CPU of `watched` (processes that work for it) is counted
        too.

        An answer that is no success makes the whole sample worthless: `ServerFailedError`.
        """
        processes = (server, *watched)
        before = sum(process.cpu() for process in processes)
        done = self._run(server, seconds)
        cpu = sum(process.cpu() for process in processes) - before
        return Sample(done, cpu)

    def _run(self, server: Running, seconds: float) -> int:
        command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{self._clients}", "--timeout", "20s"]
        command += [
            f"-d{max(1, round(seconds))}s",
            "-s",
            str(self._script),
            f"http://127.0.0.1:{server.port}/",
        ]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
        told = _ANSWER.search(answer.stdout)
        if told is None:
            raise ServerFailedError(f"wrk said: {(answer.stdout + answer.stderr)[-300:]}")
        requests, broken, refused, late = map(int, told.groups())
        if broken or refused or late or not requests:
            text = f"{requests} answers, {broken} broken, {refused} refused, {late} late"
            raise ServerFailedError(f"{server.name}: {text}")
        return requests


def _as_lua(request: Request) -> bytes:
    headers = b",".join(
        b"[" + _text(name.encode()) + b"]=" + _text(value.encode()) for name, value in request.headers.items()
    )
    body = _text(request.body) if request.body else b"nil"
    method, path = _text(request.method.encode()), _text(request.path.encode())
    return b"{%s,%s,{%s},%s},\n" % (method, path, headers, body)


def _text(octets: bytes) -> bytes:
    """A Lua string of any octets."""
    return b'"' + b"".join(b"\\%03d" % octet for octet in octets) + b'"'
