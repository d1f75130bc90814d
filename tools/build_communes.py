"""Rebuild the table of French communes and postcodes that Sceau ships.

    npm pack @etalab/decoupage-administratif@6.0.0
    python tools/build_communes.py etalab-decoupage-administratif-6.0.0.tgz

Writes `src/sceau/catalogue/data/communes/communes.tsv.gz`: one line a name, sorted: INSEE code, name,
postcodes, kind. Kinds: nothing for a commune, `a` for an arrondissement of Paris, Lyon or Marseille, `d` for
a former commune that lives on inside another and is still written in addresses, with the code and the
postcodes of its commune. The same package gives the same lines, and the same compression library the same
bytes. Another package is refused: change `PACKAGE` and `SHA512` together, and look at what changed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

PACKAGE = "@etalab/decoupage-administratif 6.0.0"
SHA512 = "XavYsFlbcM/prKr8hNHPKER94IHw/dsxNM4nxjWMYk6PLFACpEedvn/7wK8Baozm0dCYhWWcf+7bcWpA5pmCaQ=="
MEMBER = "package/data/communes.json"
TARGET = Path(__file__).parents[1] / "src/sceau/catalogue/data/communes/communes.tsv.gz"

COMMUNE, DISTRICT = "commune-actuelle", "arrondissement-municipal"
KINDS = {COMMUNE: "", DISTRICT: "a", "commune-deleguee": "d", "commune-associee": "d"}

Record = dict[str, Any]


def read_package(path: Path) -> list[Record]:
    """The communes of the npm package at `path`. SystemExit when it is not the package we know."""
    found = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if found != SHA512:
        raise SystemExit(f"{path} is not {PACKAGE}: its SHA-512 is {found}")
    with tarfile.open(path) as package:
        member = package.extractfile(MEMBER)
        if member is None:
            raise SystemExit(f"{path} has no {MEMBER}")
        records: list[Record] = json.load(member)
    return records


def lines(records: list[Record]) -> list[str]:
    """The lines of the table, sorted."""
    communes = {record["code"]: record for record in records if record["type"] == COMMUNE}
    return sorted({as_line(record, communes) for record in records} - {""})


def as_line(record: Record, communes: dict[str, Record]) -> str:
    """One line; nothing for a place without postcode (the southern islands) or without a name of its own."""
    former = KINDS[record["type"]] == "d"
    whole = communes[record["chefLieu"]] if former else record
    postcodes = whole.get("codesPostaux", [])
    if not postcodes or (former and record["nom"] == whole["nom"]):
        return ""
    return "\t".join((whole["code"], record["nom"], " ".join(postcodes), KINDS[record["type"]]))


def main() -> None:
    """Write the table from the package named on the command line."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    table = "".join(f"{line}\n" for line in lines(read_package(Path(sys.argv[1]))))
    TARGET.write_bytes(gzip.compress(table.encode(), compresslevel=9, mtime=0))
    sys.stdout.write(f"{TARGET}: {table.count(chr(10))} lines, {TARGET.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
