"""The commands that make a right request for these very names, and those that ask by program.

Lines to copy, quoted for a shell. Decides nothing.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from django.conf import settings

from sceau.operations import CertificateRequest
from sceau.portal.language import page_catalogue


def stem_for(request: CertificateRequest) -> str:
    """A plain file name for the key of this request: after its first name, else after its product."""
    first = request.names[0] if request.names else ""
    plain = re.sub(r"[^a-z0-9.]+", "-", first.lower().replace("@", "-"), flags=re.ASCII).strip("-.")[:40]
    slug = page_catalogue().products[request.product].slug
    return f"{plain.strip('-.')}-{slug}" if plain else slug


def commands_for(request: CertificateRequest) -> dict[str, Any]:
    """For a page: `openssl` (makes key and request), `by_program` (asks with a token), `key_file`."""
    stem = stem_for(request)
    return {
        "openssl": f"openssl req -new -newkey rsa:3072 -nodes -keyout {stem}.key -subj / -out {stem}.csr",
        "key_file": f"{stem}.key",
        "by_program": _by_program(request, stem) if request.habilitation else "",
    }


def _by_program(request: CertificateRequest, stem: str) -> str:
    names = list(request.names) or ["…"]
    said = json.dumps({"product": request.product, "names": names}, ensure_ascii=False)
    address = f"{settings.SCEAU_API_ADDRESS}/api/v1/certificates"
    return "\n".join(
        (
            f"jq -n --argjson demande {shlex.quote(said)} --rawfile csr {stem}.csr \\",
            f"   '$demande + {{csr: $csr}}' > {stem}.json",
            "curl -H @jeton.txt -H 'Content-Type: application/json' -H \"Idempotency-Key: $(uuidgen)\" \\",
            f"     --data @{stem}.json {address}",
        )
    )
