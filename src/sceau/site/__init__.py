"""The fittings: settings, listeners, wiring and processes that make an instance out of the rooms.

`start` comes first in every process that uses verbs or records.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sceau.operations import Machine

__all__ = ["start"]


def start(data: Path | None = None) -> Machine:
    """Start Django on the instance under `data` (else `SCEAU_DATA`), and install its machine and its
    doorkeeper.

    Raises `Fault` when the instance has no hierarchy or no journal key yet, `ValueError` for settings that
    make no sense.
    """
    if data is not None:
        os.environ["SCEAU_DATA"] = str(Path(data).absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sceau.site.settings")
    import django

    django.setup()
    from sceau.site.wiring import wire

    return wire()
