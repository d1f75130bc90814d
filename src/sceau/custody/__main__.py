"""`python -m sceau.custody FOLDER`: the signer process.

The passphrase comes from a prompt, from ``--passphrase-fd N`` or from ``--passphrase-file PATH`` (a
credential of the service manager, say); in a development instance from the file its first start made.
It says ``prêt`` on its standard output once it listens.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from sceau.catalogue import load_catalogue
from sceau.custody.passphrase import passphrase_from_descriptor, passphrase_from_file, passphrase_from_prompt
from sceau.custody.process import development_passphrase, run_signer
from sceau.vocabulary import Fault, Refused


def main() -> int:
    """Run the signer; returns the exit code (0 stopped as asked, 1 refused, 3 a machine failed)."""
    parser = argparse.ArgumentParser(prog="python -m sceau.custody")
    parser.add_argument("folder", type=Path, help="dossier du signataire (« signer » dans les données)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--passphrase-fd", type=int, help="descripteur où lire la phrase secrète")
    source.add_argument("--passphrase-file", type=Path, help="fichier où lire la phrase secrète")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s signataire %(levelname)s %(message)s")
    try:
        run_signer(asked.folder, _passphrase(asked), ready=_say_ready)
    except (Fault, Refused) as trouble:
        _say(trouble)
        return 3 if isinstance(trouble, Fault) else 1
    return 0


def _passphrase(asked: argparse.Namespace) -> bytes:
    if asked.passphrase_fd is not None:
        return passphrase_from_descriptor(asked.passphrase_fd)
    if asked.passphrase_file is not None:
        return passphrase_from_file(asked.passphrase_file)
    return development_passphrase(asked.folder, load_catalogue()) or passphrase_from_prompt()


def _say_ready() -> None:
    sys.stdout.write("prêt\n")
    sys.stdout.flush()


def _say(trouble: Fault | Refused) -> None:
    catalogue = load_catalogue()
    if isinstance(trouble, Fault):
        sentence = catalogue.say_fault(trouble)
        sys.stderr.write(f"{sentence.text} {sentence.remedy} [{trouble.code}] {trouble.detail}\n")
        return
    for finding in trouble.findings:
        told = catalogue.say(finding)
        sys.stderr.write(f"{told.text} {told.remedy} [{finding.code}]\n")


if __name__ == "__main__":
    sys.exit(main())
