"""Where a signer's keys are: in its folder, or in a token as ``signer/keys.toml`` says.

The file holds a place and never a secret: it may be read by anybody who may read the folder. Without it the
keys are encrypted files.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from sceau.custody.folders import write_new_file
from sceau.custody.keys import KeyStore
from sceau.custody.pkcs11_keys import TokenKeyStore
from sceau.custody.pkcs11_link import TokenLink, TokenPlace
from sceau.custody.pkcs11_module import load_module
from sceau.custody.software import SoftwareKeyStore
from sceau.vocabulary import Fault

SETTINGS = "keys.toml"
PIN_REFUSED = "pin-refused"
_KINDS = {"module": str, "token": str, "slot": int, "serial": str}


def token_place(folder: Path) -> TokenPlace | None:
    """Which token holds the keys of the signer's folder; None when they are files.

    Raises `Fault` (``token.settings``) for anything unreadable, unknown or missing in the file.
    """
    path = folder / SETTINGS
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Fault("token.settings", retryable=False, detail=f"{path}: {error}") from error
    return read_token_place(written, where=str(path))


def keep_settings(folder: Path, place: TokenPlace | None) -> None:
    """Write down where a new folder's keys are.

    Raises `Fault` (``token.other-settings``) when the folder says something else already.
    """
    is_new = not any((folder / name).exists() for name in (SETTINGS, "issuers.json"))
    if is_new and place is not None:
        values = {
            "module": str(place.module),
            "token": place.label,
            "slot": place.slot,
            "serial": place.serial,
        }
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items() if value is not None]
        write_new_file(folder / SETTINGS, "".join(lines).encode(), mode=0o600)
    if token_place(folder) != place:
        raise Fault("token.other-settings", retryable=False, detail=str(folder / SETTINGS))


def read_token_place(written: dict[str, Any], *, where: str) -> TokenPlace:
    """The token that a table of settings names."""
    wrong = [key for key, value in written.items() if type(value) is not _KINDS.get(key)]
    wrong += [key for key in ("module", "token") if not written.get(key)]
    if wrong or not Path(written["module"]).is_absolute():
        raise Fault("token.settings", retryable=False, detail=f"{where}: {', '.join(wrong) or 'module'}")
    return TokenPlace(Path(written["module"]), written["token"], written.get("slot"), written.get("serial"))


def open_store(folder: Path, keys: Path, secret: bytes, *, random_passphrase: bool = False) -> KeyStore:
    """The keys of the signer's `folder`: files under `keys` opened by the passphrase, or a token by its PIN.

    Raises `Fault`: ``keys.no-passphrase``, ``token.settings``, ``token.module``, ``signer.pin-refused``,
    ``signer.token-down``.
    """
    place = token_place(folder)
    if place is None:
        return SoftwareKeyStore(keys, secret, random_passphrase=random_passphrase)
    return open_token(place, secret, mark=folder / PIN_REFUSED)


def open_token(place: TokenPlace, pin: bytes, *, mark: Path) -> TokenKeyStore:
    """The keys of a token, logged in. `mark` is the file that says that a PIN was refused."""
    if not pin:
        raise Fault("keys.no-passphrase", retryable=False)
    link = TokenLink(load_module(place.module), place, pin, mark=mark)
    link.ready()
    return TokenKeyStore(link)
