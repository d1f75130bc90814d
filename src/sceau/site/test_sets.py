"""Which test certificates an instance keeps: one TOML file for each, in `test-set/` of its folder, closed to
others because it holds a token.

```
token = "sceau_…"
product = "SERV_SSL"
names = ["essai.autorite.example"]
```

A product that names a person wants one line more, ``holder = "3…/ESSAI"``: the test subject.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from sceau.operations import TestSetOrder, keep_test_set
from sceau.vocabulary import Fault

FOLDER = "test-set"


def keep_test_sets(data: Path) -> int:
    """See to each test set of the instance; how many there are. Raises what `keep_test_set` raises, and
    `Fault` (``site.test-set``) for a file that cannot be read, or that others can.
    """
    files = sorted((data / FOLDER).glob("*.toml"))
    for file in files:
        keep_test_set(read_order(file))
    return len(files)


def read_order(file: Path) -> TestSetOrder:
    """What a file asks for."""
    try:
        if file.stat().st_mode & 0o077:
            raise Fault("site.test-set", retryable=False, detail=f"{file} : ouvert à d'autres (chmod 600)")
        row = tomllib.loads(file.read_text("utf-8"))
        names = tuple(str(name) for name in row["names"])
        return TestSetOrder(str(row["token"]), str(row["product"]), names, str(row.get("holder", "")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Fault("site.test-set", retryable=False, detail=f"{file} : {error}") from error
