"""A reader of the portal: comes in with a card of the drawer, follows every link once, weighs what it gets.

One connection kept open, compressed answers asked for, as a browser does; what a page pulls in of our own
files is counted with it, the theme's styles apart.
"""

from __future__ import annotations

import re
import ssl
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPResponse, HTTPSConnection, RemoteDisconnected
from pathlib import Path
from statistics import median
from urllib.parse import urlencode, urljoin, urlsplit

from django.urls import Resolver404, resolve

_WHOLE_TABLES = {"certificates-table"}  # fifty thousand lines, sent as they are read: no page


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: its status, its octets on the wire, the page opened (empty for a file), how long it
    took.
    """

    status: int
    octets: int
    page: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A page by its name in the table: an address of it, its median in milliseconds, its octets whole, and
    the time that nineteen in twenty keep."""

    name: str
    address: str
    milliseconds: float
    octets: int
    late: float


class Links(HTMLParser):
    """The addresses that a page leads to, and the files that it pulls in (styles apart)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.there: list[str] = []
        self.pulled: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what this element leads to or pulls in."""
        told = dict(attrs)
        if tag == "a" and told.get("href"):
            self.there.append(str(told["href"]))
        elif tag in {"script", "img"} and told.get("src"):
            self.pulled.append(str(told["src"]))
        elif tag == "link" and "icon" in str(told.get("rel")) and told.get("href"):
            self.pulled.append(str(told["href"]))


@dataclass
class Reader:
    """One person's browser on the portal at `port`, which `authority` (PEM) vouches for."""

    port: int
    authority: Path
    cookies: dict[str, str] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    line: HTTPSConnection | None = None

    def come_in(self, slug: str) -> None:
        """Insert a test card of the drawer. Raises LookupError when the door stays shut."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/").page)
        token = found.group(1) if found else ""
        answer = self.post("/cartes-de-test/inserer/", {"carte": slug, "csrfmiddlewaretoken": token})
        if answer.status != 302:
            raise LookupError(f"{slug} did not come in: {answer.status}")

    def get(self, address: str) -> Answer:
        """The page or the file at `address`."""
        return self._ask("GET", address, b"", {})

    def post(self, address: str, values: dict[str, str]) -> Answer:
        """Send a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", address, urlencode(values).encode(), kind)

    def walk(self, seen: set[str]) -> dict[str, str]:
        """Every page that links lead to and whose name is not in `seen`: its name → its address."""
        found: dict[str, str] = {}
        tried: set[str] = set()
        waiting = ["/"]
        while waiting and len(tried) < 400:
            address = waiting.pop(0)
            name = name_of(address)
            if address in tried or not name or name in found or name in _WHOLE_TABLES:
                continue
            tried.add(address)
            answer = self.get(address)
            if answer.status != 200:
                continue
            if not answer.page:
                continue  # a file: whoever asks for one waits for its making, not for a page
            found[name] = address
            waiting += [urlsplit(urljoin(address, one)).path for one in Links(answer.page).there]
        return {name: address for name, address in found.items() if name not in seen}

    def measure(self, name: str, address: str, *, times: int) -> Measured:
        """The page asked for so many times. Raises LookupError when it does not answer."""
        answers = [self.get(address) for _ in range(times + 1)][1:]
        if any(answer.status != 200 for answer in answers):
            raise LookupError(f"{address} answered {answers[-1].status}")
        pulled = sum(self._weight(one) for one in Links(answers[-1].page).pulled)
        took = sorted(1000 * answer.seconds for answer in answers)
        late = took[min(len(took) - 1, round(0.95 * len(took)))]
        return Measured(name, address, median(took), answers[-1].octets + pulled, late)

    def _weight(self, address: str) -> int:
        if address not in self.weights:
            self.weights[address] = self.get(address).octets
        return self.weights[address]

    def _ask(self, method: str, address: str, body: bytes, more: dict[str, str]) -> Answer:
        if self.line is None:
            context = ssl.create_default_context(cafile=str(self.authority))
            self.line = HTTPSConnection("127.0.0.1", self.port, context=context, timeout=120)
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Accept-Encoding": "gzip", "Cookie": held, "Referer": f"https://127.0.0.1:{self.port}/"}
        began = time.perf_counter()
        try:
            self.line.request(method, address, body, {**headers, **more})
            answer = self.line.getresponse()
        except (
            RemoteDisconnected,
            ConnectionError,
            ssl.SSLEOFError,
        ):  # kept too long: as a browser, once more
            self.line.close()
            self.line.request(method, address, body, {**headers, **more})
            answer = self.line.getresponse()
        data = answer.read()
        took = time.perf_counter() - began
        self._keep_cookies(answer)
        if answer.headers.get("Connection") == "close":
            self.line.close()
            self.line = None
        return Answer(answer.status, len(data), _opened(answer, data), took)

    def _keep_cookies(self, answer: HTTPResponse) -> None:
        for told in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = told.partition(";")[0].partition("=")
            self.cookies[name] = value


def name_of(address: str) -> str:
    """The name of a page in the table, empty for what is no page."""
    try:
        return str(resolve(urlsplit(address).path).url_name or "")
    except Resolver404:
        return ""


def _opened(answer: HTTPResponse, data: bytes) -> str:
    import gzip

    if not str(answer.headers.get("Content-Type", "")).startswith("text/html"):
        return ""
    zipped = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(data) if zipped else data).decode()
