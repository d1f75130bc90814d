"""Certificate requests sent together: files, a ZIP of files, a table (CSV) of names and requests.

Reads in memory, within limits that a hostile archive meets before the memory does. Reads no CSR: verbs do.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from sceau.portal.pages.requests.asking import CSR_LIMIT
from sceau.portal.visitor import PortalRequest
from sceau.vocabulary import Finding

MOST_REQUESTS = 200
_ENDINGS = (".csr", ".req", ".pem", ".p10", ".der", ".txt")


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: the file or the cell it came in, what names the certificate it renews, its bytes."""

    name: str
    stem: str
    csr: bytes


def sent_requests(request: PortalRequest, found: list[Finding]) -> tuple[Sent, ...]:
    """Every request sent under `requests`, in order; what is wrong with the sending goes to `found`."""
    sent: list[Sent] = []
    for file in request.FILES.getlist("requests")[: MOST_REQUESTS + 1]:
        name, data = str(file.name)[:200], bytes(file.read())
        try:
            sent += _inside(name, data)
        except (BadZipFile, csv.Error, UnicodeDecodeError, NotImplementedError, RuntimeError, EOFError):
            found.append(Finding.error("portal.requests-unreadable", name))
    if len(sent) > MOST_REQUESTS:
        found.append(Finding.error("portal.too-many-requests", "requests", limit=MOST_REQUESTS))
    found += [
        Finding.error("portal.csr-too-large", one.name, limit="16 Kio")
        for one in sent[:MOST_REQUESTS]
        if len(one.csr) > CSR_LIMIT
    ]
    return tuple(sent[:MOST_REQUESTS])


def _inside(name: str, data: bytes) -> Iterator[Sent]:
    lowered = name.lower()
    if lowered.endswith(".zip"):
        yield from _in_archive(data)
    elif lowered.endswith(".csv"):
        yield from _in_table(data)
    else:
        yield Sent(name, _stem(name), data)


def _in_archive(data: bytes) -> Iterator[Sent]:
    """One more than may be sent, and one octet more than a request may have: enough to refuse the rest."""
    with ZipFile(BytesIO(data)) as archive:
        entries = [one for one in archive.infolist() if _is_request(one)]
        for entry in entries[: MOST_REQUESTS + 1]:
            with archive.open(entry) as file:
                yield Sent(entry.filename[:200], _stem(entry.filename), file.read(CSR_LIMIT + 1))


def _is_request(entry: ZipInfo) -> bool:
    plain = entry.filename.rpartition("/")[2]
    hidden = plain.startswith(".") or "__MACOSX" in entry.filename
    return not entry.is_dir() and not hidden and plain.lower().endswith(_ENDINGS)


def _in_table(data: bytes) -> Iterator[Sent]:
    """Two columns: the reference or a name; the request as PEM. A first line of titles is passed over."""
    text = data.decode("utf-8-sig")
    rows = csv.reader(StringIO(text), delimiter=";" if ";" in text.partition("-----BEGIN")[0] else ",")
    for place, row in enumerate(rows):
        if len(row) < 2 or "-----BEGIN" not in row[1]:
            continue
        if place > 2 * MOST_REQUESTS:
            return
        yield Sent(row[0].strip()[:200], row[0].strip()[:100], row[1].encode())


def _stem(name: str) -> str:
    """``dossier/www.exemple.fr.csr`` → ``www.exemple.fr``; our own suffix (``-serv-ssl``) falls off too."""
    plain = name.replace("\\", "/").rpartition("/")[2]
    for ending in _ENDINGS:
        if plain.lower().endswith(ending):
            plain = plain[: -len(ending)]
            break
    return plain.removesuffix("-serv-ssl")[:100]
