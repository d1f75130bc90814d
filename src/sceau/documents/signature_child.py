"""What verifies the signatures of a PDF that a stranger sent: a process of its own, poor in everything.

Run as a script by `sandbox`, never imported by the service. It says, of each signature, whether the bytes
that it covers are those that were signed, how much of the file that is, what was changed after it, and by
which certificate. It trusts no authority and knows of none: whose certificate that is, and whether it may
sign, is decided by `identity`, outside. It reads the form once more from the signed revision alone, which is
the file up to where the signature's cover ends.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import logging
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

MOST_SIGNATURES = 8
_DIGESTS = {"sha256", "sha384", "sha512"}
# Everything that these would load late is loaded while files can still be opened.
_LIBRARIES = (
    "pyhanko.pdf_utils.reader",
    "pyhanko.sign.diff_analysis",
    "pyhanko.sign.validation.generic_cms",
    "pyhanko.sign.validation.pdf_embedded",
    "cryptography.hazmat.backends.openssl.backend",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.asymmetric.padding",
    "cryptography.hazmat.primitives.asymmetric.rsa",
)


def examine(data: bytes, inspect: Any) -> dict[str, Any]:
    """What is to be said of each signature, or the one word that says why nothing is."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        embedded = list(_first(PdfFileReader(BytesIO(data)).embedded_signatures))
        if len(embedded) > MOST_SIGNATURES:
            return {"error": "too-much"}
        return {"signatures": [_told(one, data, inspect) for one in embedded]}
    except (RecursionError, MemoryError):
        return {"error": "too-much"}
    except Exception as problem:  # whatever a library says of a hostile file: it is not to be told
        return {"error": "damaged", "detail": type(problem).__name__}


def _first(several: Any) -> Iterator[Any]:
    for _, one in zip(range(MOST_SIGNATURES + 1), several, strict=False):
        yield one


def _told(one: Any, data: bytes, inspect: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"field": str(one.field_name)[:200], "holds": False, "why": "unreadable"}
    try:
        told |= _cover(one, data)
        told |= _holds(one)
        certificate = one.signer_cert.dump()
        at = one.self_reported_timestamp
    except Exception as problem:  # a signature that cannot be read is one that does not hold
        return told | {"holds": False, "detail": type(problem).__name__}
    told["certificate"] = base64.b64encode(certificate).decode()
    told["at"] = at.isoformat() if at is not None and at.tzinfo is not None else None
    end = told["end"]
    if told["coverage"] in ("ENTIRE_FILE", "ENTIRE_REVISION") and 0 < end <= len(data):
        told["revision"] = inspect(data[:end])
    return told


def _cover(one: Any, data: bytes) -> dict[str, Any]:
    """How much of the file the signature covers, and what was done to it since."""
    from pyhanko.sign.diff_analysis import DiffResult, SuspiciousModification

    one.compute_integrity_info()
    result = one.diff_result
    changed = "NONE"
    if isinstance(result, SuspiciousModification):
        changed = "OTHER"
    elif isinstance(result, DiffResult):
        changed = result.modification_level.name
    ranges = [int(each) for each in one.byte_range]
    whole = len(ranges) == 4 and ranges[0] == 0
    return {
        "coverage": one.coverage.name if whole else "UNCLEAR",
        "changed": changed,
        "end": ranges[2] + ranges[3] if whole else 0,
        "size": len(data),
    }


def _holds(one: Any) -> dict[str, Any]:
    """Whether the digest is that of the bytes covered, and the signature that of the certificate's key."""
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    info = one.signer_info
    kind = str(one.sig_object_type)
    if kind != "/Sig":
        return {"holds": False, "why": "not-of-a-person"}
    if str(one.sig_object.get("/SubFilter", "")) not in ("/ETSI.CAdES.detached", "/adbe.pkcs7.detached"):
        return {"holds": False, "why": "form-unknown"}
    if one.md_algorithm not in _DIGESTS:
        return {"holds": False, "why": "weak"}
    if one.signed_data["encap_content_info"]["content"].native is not None or not info["signed_attrs"].native:
        return {"holds": False, "why": "form-unknown"}
    intact, valid = validate_sig_integrity(info, one.signer_cert, "data", one.compute_digest())
    if intact and valid:
        return {"holds": True, "why": ""}
    return {"holds": False, "why": "altered" if valid else "forged"}


def _reader() -> Any:
    """The reader of fields, which is a script like this one and no module that could be imported here."""
    path = Path(__file__).with_name("pdf_child.py")
    spec = importlib.util.spec_from_file_location("pdf_child", path)
    if spec is None or spec.loader is None:
        raise OSError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Limits first, then the libraries, then the file."""
    reader = _reader()
    reader.limit()
    logging.disable()
    for name in _LIBRARIES:
        importlib.import_module(name)
    importlib.import_module("pikepdf").new().close()
    reader._looks().warm_up()
    data = sys.stdin.buffer.read()
    reader.close_the_doors()
    sys.stdout.buffer.write(json.dumps(examine(data, reader.inspect)).encode())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
