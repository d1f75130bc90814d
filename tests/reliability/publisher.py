"""`python -m tests.reliability.publisher DATA COUNT`: publishes the issuer's list that often, as the
clockwork's verb does, and prints each number. A signer that is away is waited for.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sceau.vocabulary import Fault
from tests.reliability.accounts import ISSUER


def main() -> None:
    """Publish."""
    from sceau.site import start

    start(Path(sys.argv[1]))
    from sceau.operations import publish_crls

    left, limit = int(sys.argv[2]), time.monotonic() + 3600
    while left and time.monotonic() < limit:
        try:
            made = publish_crls(only=(ISSUER,))
        except Fault as fault:
            sys.stderr.write(f"{fault}\n")
            time.sleep(0.2)
            continue
        left -= 1
        sys.stdout.write(f"{made[0].number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
