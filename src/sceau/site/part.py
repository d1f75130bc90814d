"""`python -m sceau.site.part NAME`: one process of an instance. Started by `sceau run`, or by a service
manager.

A part says it is ready by a byte on the descriptor `SCEAU_READY_FD`. It ends when it is told to (SIGTERM),
and when the pipe `SCEAU_ALIVE_FD` closes: whoever started it is gone, however it went, and no orphan keeps
a port or a key.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sceau.vocabulary import Fault, Refused

if TYPE_CHECKING:
    from uvicorn import Server


def main() -> int:
    """Run the part named on the command line; exit code 3 when a machine failed."""
    _watch_parent()
    part = PARTS[sys.argv[1]]
    data = Path(os.environ["SCEAU_DATA"])
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    try:
        part(data)
    except (Fault, Refused) as trouble:
        sys.stderr.write(f"{sys.argv[1]}: {_said(trouble)}\n")
        return 3
    return 0


def signer(data: Path) -> None:
    """The process with the CA keys: a Unix socket, no port."""
    from sceau.catalogue import load_catalogue
    from sceau.custody import development_passphrase, passphrase_from_descriptor, run_signer

    given = os.environ.get("SCEAU_PASSPHRASE_FD")
    folder = data / "signer"
    phrase = (
        passphrase_from_descriptor(int(given)) if given else development_passphrase(folder, load_catalogue())
    )
    if phrase is None:
        raise Fault("keys.no-passphrase", retryable=False)
    run_signer(folder, phrase, ready=_ready_to_sign)


def web(data: Path) -> None:
    """The portal: its public listener and its card door."""
    from sceau.site import start

    start(data)
    from django.conf import settings

    from sceau.site.asgi import application
    from sceau.site.front import front_server
    from sceau.site.listeners import Listener, serve_all, server_for

    front = os.environ.get("SCEAU_FRONT_SOCKET", "")
    if front:  # then nobody but the front is listened to
        servers = [front_server(Path(front), application, user=os.environ.get("SCEAU_FRONT_USER", ""))]
    else:
        tls = data / "tls"
        host = os.environ.get("SCEAU_HOST", "localhost")
        chain, key = tls / "server.pem", tls / "server.key"
        public = Listener(host, _port_of(settings.SCEAU_PORTAL_ADDRESS), chain, key)
        door = Listener(host, _port_of(settings.SCEAU_DOOR_ADDRESS), chain, key, for_cards=True)
        servers = [server_for(listener, application) for listener in (public, door)]

    async def run() -> None:
        announcing = asyncio.create_task(_announce(servers))
        await serve_all(servers)
        await announcing

    asyncio.run(run())


def enrolment(data: Path) -> None:
    """The door for programs: REST, on a listener that asks for a certificate and requires none."""
    import uvloop

    from sceau.site import start

    start(data)
    from django.conf import settings

    from sceau.site.listeners import Listener, serve_all, server_for
    from sceau.site.wiring import rest_app

    tls = data / "tls"
    port = _port_of(settings.SCEAU_API_ADDRESS)
    host = os.environ.get("SCEAU_HOST", "localhost")
    app = rest_app()
    app.start()
    chain, key = tls / "server.pem", tls / "server.key"
    servers = [server_for(Listener(host, port, chain, key, for_programs=True), app)]

    async def run() -> None:
        announcing = asyncio.create_task(_announce(servers))
        await serve_all(servers)
        await announcing

    _settle_memory()
    try:
        uvloop.run(run())
    finally:
        app.close()


def publication(data: Path) -> None:
    """The public shelf: lists, authorities, OCSP. Read-only."""
    from sceau.site import start
    from sceau.site.environment import READS_ONLY, publication_processes_of

    os.environ[READS_ONLY] = "1"
    start(data)
    from django.conf import settings

    from sceau.publication import serve
    from sceau.site.wiring import public_app

    host = os.environ.get("SCEAU_HOST", "localhost")
    port, is_shared = _port_of(settings.SCEAU_PUBLICATION_ADDRESS), publication_processes_of(os.environ) > 1
    serve(public_app(data), host=host, port=port, is_shared=is_shared)


def answers(data: Path) -> None:
    """The OCSP answers prepared ahead: reads the records, writes in the folder `SCEAU_OCSP_SHELF` only."""
    from sceau.site import start
    from sceau.site.environment import READS_ONLY, ocsp_shelf_of

    shelf = ocsp_shelf_of(os.environ)
    if shelf is None:
        raise Fault("site.no-ocsp-shelf", retryable=False)
    os.environ[READS_ONLY] = "1"
    start(data)
    from sceau.site.answers import keep_prepared
    from sceau.site.wiring import preparer

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep_prepared(preparer(data, shelf), stop=stop, ready=_say_ready)


def clockwork(data: Path) -> None:
    """What is done by the clock."""
    from sceau.site import start

    start(data)
    from sceau.site.clockwork import run_clockwork

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_clockwork(data, stop=stop, ready=_say_ready)


PARTS: dict[str, Callable[[Path], None]] = {
    "signer": signer,
    "web": web,
    "publication": publication,
    "answers": answers,
    "enrolment": enrolment,
    "clockwork": clockwork,
}


async def _announce(servers: Sequence[Server]) -> None:
    while not all(server.started for server in servers):
        if any(server.should_exit for server in servers):
            return
        await asyncio.sleep(0.05)
    _say_ready()


def _said(trouble: Fault | Refused) -> str:
    from sceau.catalogue import load_catalogue

    if isinstance(trouble, Fault):
        sentence = load_catalogue().say_fault(trouble)
        return f"{sentence.text} {sentence.remedy} [{trouble.code}] {trouble.detail}"
    return " ".join(load_catalogue().say(finding).text for finding in trouble.findings)


def _settle_memory() -> None:
    """What is here now stays: not looked at again in search of what may go. What comes goes with its last
    reference, nearly always: cycles are looked for less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _ready_to_sign() -> None:
    _settle_memory()
    _say_ready()


def _say_ready() -> None:
    descriptor = os.environ.get("SCEAU_READY_FD")
    if descriptor:
        os.write(int(descriptor), b"1")


def _watch_parent() -> None:
    """End this process when the other end of the pipe closes. The kernel closes it for a parent that was
    killed.
    """
    descriptor = os.environ.get("SCEAU_ALIVE_FD")
    if not descriptor:
        return

    def watch() -> None:
        os.read(int(descriptor), 1)
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Timer(10.0, os._exit, (1,)).start()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _port_of(address: str) -> int:
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    return parts.port or (443 if parts.scheme == "https" else 80)


if __name__ == "__main__":
    sys.exit(main())
