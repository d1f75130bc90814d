"""Loaded before anything reads a setting: tests know no instance of this machine, and no operator's variable.

Without it, an instance that `make run` left in ./data would decide what the tests see.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

for _name in [name for name in os.environ if name.startswith("SCEAU_")]:
    if _name != "SCEAU_SHARED" and not _name.startswith("SCEAU_TEST_"):
        del os.environ[_name]
os.environ["SCEAU_DATA"] = str(Path(tempfile.gettempdir()) / "sceau-tests-have-no-instance")
