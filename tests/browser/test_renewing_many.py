"""Renewing many at once, as it is watched: results appear a few at a time while the page still arrives, and
the page asked for again gives the same ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import (
    CODE,
    DOMAIN,
    accept_by_two,
    enter,
    make_request,
    order_with_form_413,
    press,
)

pytestmark = pytest.mark.browser
MANY, AT_ONCE, SLOW = 21, 10, 120_000
COUNTED = """
window.counted = [];
const count = () => {
  const rows = document.querySelectorAll("main tbody tr").length;
  if (rows !== window.counted.at(-1)) window.counted.push(rows);
};
new MutationObserver(count).observe(document, {childList: true, subtree: true});
"""


def console(service: Service, *arguments: str) -> Any:
    """What a command of the console answers."""
    command = [sys.executable, "-m", "sceau.cli", *arguments, "--data", str(service.data), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def right_of_the_administrator(browsers: Browsers, service: Service) -> dict[str, Any]:
    """A usable right to SERV_SSL, by the whole journey where there is none yet."""
    for _ in range(2):
        lines = console(service, "habilitation", "list", "--state", "active", "--limit", "200")
        mine = [one for one in lines if one["product"] == "SERV_SSL" and "BENALI" in one["person"].upper()]
        if mine:
            found: dict[str, Any] = mine[-1]
            return found
        accept_by_two(browsers, service, order_with_form_413(browsers, service))
    raise AssertionError("no right was granted")


def collected(service: Service, right: dict[str, Any], page: Page, folder: Path, at: int) -> str:
    """A certificate in service, issued at the console and collected on its page; the name it carries."""
    name = f"parc-{at}.{DOMAIN}"
    csr = make_request(folder, f"old-{at}")
    wanted = ["--product", "SERV_SSL", "--name", name, "--habilitation", right["reference"]]
    made = console(service, "certificate", "issue", *wanted, "--csr", str(csr), "--as", right["person_id"])
    page.goto(f"{service.door}/certificats/{made['line']['reference']}/retirer/")
    page.locator("#terms").check()
    page.locator("#code").fill(CODE)
    page.locator("#code_again").fill(CODE)
    press(page, "Retirer le certificat")
    return name


def test_results_appear_as_they_come_and_a_reload_gives_the_same(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    """Three are renewed; the other files name nothing, and have their answer too: what is watched is the
    page, not the issuance.
    """
    right = right_of_the_administrator(browsers, service)
    page = enter(browsers, service, "benali")
    names = [collected(service, right, page, tmp_path, at) for at in range(3)]
    sent = [make_request(tmp_path, name) for name in names]
    octets = sent[0].read_bytes()
    for at in range(MANY - len(sent)):
        file = tmp_path / f"absent-{at}.{DOMAIN}.csr"
        file.write_bytes(octets)
        sent.insert(0, file)  # the first results to come are refusals: the last are certificates
    page.goto(f"{service.door}/certificats/renouveler/")
    page.locator("#requests").set_input_files([str(one) for one in sent])
    page.locator("#terms").check()
    page.locator("#code").fill(CODE)
    page.locator("#code_again").fill(CODE)
    page.add_init_script(COUNTED)
    press(page, "Renouveler")
    expect(page.locator("#fin")).to_have_text(f"3 renouvelés sur {MANY}.", timeout=SLOW)
    counted = page.evaluate("window.counted")
    assert counted[-1] == MANY
    assert {one for one in counted if 0 < one < MANY} & {AT_ONCE, 2 * AT_ONCE}, counted
    look(page, "107-renouveler-beaucoup")
    new = page.locator("main tbody td a").all_inner_texts()
    page.reload(timeout=SLOW)
    expect(page.locator("#fin")).to_have_text(f"3 renouvelés sur {MANY}.", timeout=SLOW)
    assert page.locator("main tbody td a").all_inner_texts() == new
