"""The line to Pro Santé Connect: the settings that open it (off without), and the calls behind a code.

Every call is TLS with the provider's chain checked and our client certificate shown [IGC-SANTE 3.2]; it goes
to the addresses of the settings and nowhere else, follows nothing, and waits some seconds at most. What
comes back is read by `identity`.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sceau.catalogue import Catalogue, PscPlace
from sceau.identity import PscAnswer
from sceau.portal import PscDoor
from sceau.vocabulary import Fault, IdentifierMode

_SECONDS = 5.0
_MOST = 256 * 1024
_KEYS_KEPT_SECONDS = 300.0
_PLACES = ("ISSUER", "AUTHORIZATION", "TOKEN", "USERINFO", "KEYS")
_NEEDED = ("CLIENT", "CERTIFICATE", "KEY")


@dataclass(frozen=True, slots=True)
class PscSettings:
    """Who we are at which Pro Santé Connect. `secret` is empty where the client certificate alone proves us;
    `authorities` (PEM) are whom to trust for its TLS, None: the system's.
    """

    place: PscPlace
    client: str
    certificate: Path
    key: Path
    secret: str = field(default="", repr=False)
    authorities: Path | None = None


def missing_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The settings of Pro Santé Connect that are missing or name no file, if any is there at all."""
    told = {name for name, value in environ.items() if name.startswith("SCEAU_PSC") and value}
    if not told:
        return ()
    missing = [name for name in ("SCEAU_PSC", *(f"SCEAU_PSC_{one}" for one in _NEEDED)) if name not in told]
    files = ("SCEAU_PSC_CERTIFICATE", "SCEAU_PSC_KEY", "SCEAU_PSC_AUTHORITIES", "SCEAU_PSC_SECRET_FILE")
    missing += [name for name in files if name in told and not Path(environ[name]).is_file()]
    return tuple(missing)


def psc_settings_of(environ: Mapping[str, str], catalogue: Catalogue) -> PscSettings | None:
    """What the settings say, None when they say nothing. `Fault` (``psc.settings``) when they are half there,
    or send us somewhere without TLS.
    """
    if not any(name.startswith("SCEAU_PSC") and value for name, value in environ.items()):
        return None
    missing = missing_of(environ)
    if missing:
        raise Fault("psc.settings", retryable=False, detail=f"il manque {', '.join(missing)}")
    place = catalogue.entrance.psc.get(environ["SCEAU_PSC"])
    if place is None:
        known = ", ".join(sorted(catalogue.entrance.psc))
        raise Fault("psc.settings", retryable=False, detail=f"SCEAU_PSC vaut l'un de : {known}")
    moved = {one.lower(): environ[f"SCEAU_PSC_{one}"] for one in _PLACES if environ.get(f"SCEAU_PSC_{one}")}
    if not all(address.startswith("https://") for address in moved.values()):
        raise Fault("psc.settings", retryable=False, detail="chaque adresse commence par https://")
    secret, authorities = environ.get("SCEAU_PSC_SECRET_FILE", ""), environ.get("SCEAU_PSC_AUTHORITIES", "")
    return PscSettings(
        place=replace(place, **moved),
        client=environ["SCEAU_PSC_CLIENT"],
        certificate=Path(environ["SCEAU_PSC_CERTIFICATE"]),
        key=Path(environ["SCEAU_PSC_KEY"]),
        secret=Path(secret).read_text("utf-8").strip() if secret else "",
        authorities=Path(authorities) if authorities else None,
    )


def psc_door_of(settings: PscSettings | None, *, back: str, is_production: bool) -> PscDoor | None:
    """The door that `settings` open; `back` is our address that an answer comes to. Test identifiers are read
    outside of production only. `Fault` (``psc.settings``) when our certificate cannot be used.
    """
    if settings is None:
        return None
    mode = IdentifierMode.REAL if is_production else IdentifierMode.TEST
    line = PscLine(settings, back)
    return PscDoor(settings.place, settings.client, back, line.exchange, mode)


class PscLine:
    """The calls behind a code."""

    def __init__(self, settings: PscSettings, back: str) -> None:
        self._settings, self._back = settings, back
        self._tls = _tls_of(settings)
        self._keys: tuple[float, Mapping[str, object]] | None = None

    def exchange(self, code: str, verifier: str) -> PscAnswer:
        """What stands behind `code`. `Fault` (``psc.unreachable``) for any answer that is not one."""
        place = self._settings.place
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._settings.client,
            "code_verifier": verifier,
        }
        given = self._ask(place.token, form=form, headers=self._basic())
        id_token, access = given.get("id_token"), given.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access, str) or not access.isascii():
            raise Fault("psc.unreachable", retryable=True, detail="token")
        if not access.isprintable():
            raise Fault("psc.unreachable", retryable=True, detail="token")
        userinfo = self._ask(place.userinfo, headers={"Authorization": f"Bearer {access}"})
        return PscAnswer(id_token, access, userinfo, self._current_keys(id_token))

    def _basic(self) -> dict[str, str]:
        if not self._settings.secret:
            return {}
        pair = f"{quote(self._settings.client, safe='')}:{quote(self._settings.secret, safe='')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _current_keys(self, id_token: str) -> Mapping[str, object]:
        """The provider's keys, kept some minutes; asked for anew when a token names one that is not there."""
        kept = self._keys
        if (
            kept is None
            or time.monotonic() - kept[0] > _KEYS_KEPT_SECONDS
            or not _names_one(id_token, kept[1])
        ):
            kept = self._keys = (time.monotonic(), self._ask(self._settings.place.keys))
        return kept[1]

    def _ask(
        self, address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        parts = urlsplit(address)
        line = http.client.HTTPSConnection(
            parts.hostname or "", parts.port or 443, timeout=_SECONDS, context=self._tls
        )
        told = {"Accept": "application/json", **(headers or {})}
        body = None
        if form is not None:
            body = urlencode(form)
            told["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request("GET" if form is None else "POST", parts.path, body=body, headers=told)
            answer = line.getresponse()
            raw = answer.read(_MOST + 1)
            if answer.status != http.client.OK or len(raw) > _MOST:
                raise Fault("psc.unreachable", retryable=True, detail=f"{parts.path} {answer.status}")
            read = json.loads(raw)
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            raise Fault("psc.unreachable", retryable=True, detail=type(error).__name__) from error
        finally:
            line.close()
        if not isinstance(read, dict):
            raise Fault("psc.unreachable", retryable=True, detail=parts.path)
        return read


def _names_one(id_token: str, keys: Mapping[str, object]) -> bool:
    head = id_token.partition(".")[0]
    try:
        kid = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return True
    listed = keys.get("keys")
    return isinstance(listed, list) and any(isinstance(one, dict) and one.get("kid") == kid for one in listed)


def _tls_of(settings: PscSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(
            cafile=None if settings.authorities is None else str(settings.authorities)
        )
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(settings.certificate, settings.key)
    except OSError as error:
        raise Fault("psc.settings", retryable=False, detail=str(settings.certificate)) from error
    return context
