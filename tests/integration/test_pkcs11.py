"""Keys in a token: the same promises as keys in files, and what happens when the token goes away."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sceau.custody.keys import KeyStore, SigningKey, classical_algorithm_of
from sceau.custody.pkcs11_keys import TokenKeyStore
from sceau.custody.pkcs11_module import load_module
from sceau.custody.software import SoftwareKeyStore
from sceau.custody.stores import open_store, token_place
from sceau.vocabulary import Fault
from tests.integration.softhsm import MODULE, PIN, SPY, Hsm, close_all_sessions, is_here

pytestmark = pytest.mark.skipif(not is_here(), reason="SoftHSM2 is not installed: sudo make system")
KINDS = ("rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384")


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hsm]:
    made = Hsm(tmp_path / "hsm")
    made.make()
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.settings))
    made.initialise()
    load_module(MODULE).restart()  # the module is one for the whole process: have it look here
    yield made
    load_module(MODULE).restart()


@pytest.fixture(params=["software", "pkcs11"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    if request.param == "software":
        return SoftwareKeyStore(tmp_path, b"x" * 43, random_passphrase=True)
    hsm: Hsm = request.getfixturevalue("hsm")
    return hsm.store()


def verify(public_key: bytes, signature: bytes, data: bytes) -> None:
    public = load_der_public_key(public_key)
    assert isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    _, digest = classical_algorithm_of(public)
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, data, padding.PKCS1v15(), digest)
    else:
        public.verify(signature, data, ec.ECDSA(digest))


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_made_signs_and_is_found_again(store: KeyStore, kind: str) -> None:
    made = store.create("el-org-g1", kind)
    found = store.open("el-org-g1")
    assert (found.public_key, found.algorithm) == (made.public_key, made.algorithm)
    found.ready()
    for data in (b"", b"one", b"x" * 1_000_000):
        verify(made.public_key, found.sign(data), data)
    with pytest.raises(InvalidSignature):
        verify(made.public_key, found.sign(b"one"), b"two")


def test_a_key_is_never_replaced(store: KeyStore) -> None:
    first = store.create("el-org-g1", "ec:P-256")
    with pytest.raises(Fault, match=r"folder\.file-exists|token\.key-exists"):
        store.create("el-org-g1", "ec:P-256")
    assert store.open("el-org-g1").public_key == first.public_key


def test_a_key_that_is_not_there_is_a_fault(store: KeyStore) -> None:
    with pytest.raises(Fault, match=r"keys\.missing|token\.key-missing"):
        store.open("el-org-g1")


@pytest.mark.parametrize("kind", ["rsa:1024", "ec:P-521", "ec:secp256k1", "dsa:2048", ""])
def test_other_kinds_of_keys_are_not_made(store: KeyStore, kind: str) -> None:
    with pytest.raises(Fault, match=r"keys\.kind"):
        store.create("el-org-g1", kind)


def test_a_key_in_a_token_cannot_leave_it(hsm: Hsm) -> None:
    import pkcs11

    hsm.store().create("el-org-g1", "ec:P-256")
    with hsm.link().borrow() as borrowed:
        key = borrowed.session.get_key(label="el-org-g1", object_class=pkcs11.ObjectClass.PRIVATE_KEY)
        seen = {
            name: key[getattr(pkcs11.Attribute, name)]
            for name in (
                "SENSITIVE",
                "ALWAYS_SENSITIVE",
                "EXTRACTABLE",
                "NEVER_EXTRACTABLE",
                "LOCAL",
                "SIGN",
                "DECRYPT",
                "UNWRAP",
            )
        }
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
    assert seen == {
        "SENSITIVE": True,
        "ALWAYS_SENSITIVE": True,
        "EXTRACTABLE": False,
        "NEVER_EXTRACTABLE": True,
        "LOCAL": True,
        "SIGN": True,
        "DECRYPT": False,
        "UNWRAP": False,
    }


def test_a_key_that_could_leave_its_token_is_not_used(hsm: Hsm) -> None:
    import pkcs11

    with hsm.link().writable() as session:
        session.generate_keypair(
            pkcs11.KeyType.RSA,
            2048,
            store=True,
            label="el-org-g1",
            private_template={pkcs11.Attribute.EXTRACTABLE: True, pkcs11.Attribute.SENSITIVE: False},
        )
    with pytest.raises(Fault, match=r"token\.key-open"):
        hsm.store().open("el-org-g1")


def test_four_threads_sign_at_once(hsm: Hsm) -> None:
    key = hsm.store().create("el-org-g1", "ec:P-256")
    wrong: list[object] = []

    def work(thread: int) -> None:
        try:
            for index in range(150):
                data = f"{thread} {index}".encode()
                verify(key.public_key, key.sign(data), data)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_f41_sessions_closed_under_our_feet_are_opened_again(hsm: Hsm) -> None:
    store = hsm.store()
    keys = [store.create(f"el-org-g{number}", "ec:P-256") for number in (1, 2)]
    for turn in range(20):
        for key in keys:
            verify(key.public_key, key.sign(b"before"), b"before")
        close_all_sessions(hsm)
        verify(keys[turn % 2].public_key, keys[turn % 2].sign(b"after"), b"after")


def test_f41_threads_survive_a_module_restarted_in_mid_run(hsm: Hsm) -> None:
    """Not C_CloseAllSessions: while another thread signs, SoftHSM 2.6 itself crashes on it."""
    key = hsm.store().create("el-org-g1", "rsa:2048")
    stop, done, wrong = threading.Event(), [0] * 4, list[object]()

    def work(thread: int) -> None:
        while not stop.is_set():
            try:
                verify(key.public_key, key.sign(b"data"), b"data")
                done[thread] += 1
            except Fault as fault:
                if not fault.retryable:
                    wrong.append(fault)
            except BaseException as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        time.sleep(0.05)
        load_module(MODULE).restart()
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert all(done)
    verify(key.public_key, key.sign(b"data"), b"data")


def signed_again(key: SigningKey, seconds: float) -> float:
    """How long it took until the key signed; fails after `seconds`."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        try:
            key.sign(b"again")
        except Fault as fault:
            if not fault.retryable:
                raise
            time.sleep(0.05)
        else:
            return time.monotonic() - began
    raise AssertionError("the token did not come back")


def test_g18_a_token_that_comes_back_is_found_without_a_restart(hsm: Hsm) -> None:
    key = hsm.store().create("el-org-g1", "ec:P-256")
    for _ in range(5):
        hsm.unplug()
        for _ in range(3):
            with pytest.raises(Fault, match=r"signer\.token-down") as fault:
                key.sign(b"gone")
            assert fault.value.retryable
        with pytest.raises(Fault, match=r"signer\.token-down"):
            key.ready()
        hsm.plug()
        assert signed_again(key, 10) < 10
    assert not hsm.mark.exists()


def test_f41_a_token_wiped_in_mid_run_signs_nothing_and_its_pin_is_tried_once(hsm: Hsm) -> None:
    key = hsm.store().create("el-org-g1", "ec:P-256")
    hsm.initialise(b"other-pin", serial=hsm.serial())
    for _ in range(5):
        with pytest.raises(Fault, match=r"signer\.pin-refused") as fault:
            key.sign(b"gone")
        assert fault.value.retryable  # nothing was sent: no serial is burnt
    assert hsm.mark.read_text() == "sceau: PinIncorrect\n"


def test_f41_a_token_wiped_under_the_same_pin_has_lost_its_keys(hsm: Hsm) -> None:
    key = TokenKeyStore(hsm.link(steady=lambda: 0.0)).create("el-org-g1", "ec:P-256")
    hsm.initialise(serial=hsm.serial())
    with pytest.raises(Fault, match=r"signer\.key-gone") as fault:
        key.sign(b"gone")
    assert fault.value.retryable
    with pytest.raises(Fault, match=r"signer\.token-down"):
        key.ready()  # and it waits before it asks again
    assert not hsm.mark.exists()


@pytest.mark.skipif(not SPY.exists(), reason="opensc's pkcs11-spy is not installed: sudo make system")
def test_a_wrong_pin_is_asked_of_the_token_once_whoever_starts_us_again(hsm: Hsm, tmp_path: Path) -> None:
    """The witness is outside: pkcs11-spy writes down every call that reaches the module."""
    hsm.store().create("el-org-g1", "ec:P-256")
    signer = tmp_path / "signer"
    signer.mkdir(mode=0o700)
    (signer / "keys.toml").write_text(f'module = "{SPY}"\ntoken = "{hsm.label}"\n')
    spied = tmp_path / "spied"
    program = (
        "import sys; from pathlib import Path; from sceau.custody.stores import open_store;"
        "folder = Path(sys.argv[1]); open_store(folder, folder / 'keys', sys.stdin.buffer.read())"
    )
    environment = os.environ | {"PKCS11SPY": str(MODULE), "PKCS11SPY_OUTPUT": str(spied)}

    def start(pin: bytes) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, str(signer)],
            input=pin,
            env=environment,
            capture_output=True,
            check=False,
        )
        return done.stderr.decode().splitlines()[-1] if done.returncode else ""

    assert "signer.pin-refused" in start(b"000000")
    assert spied.read_text().count("C_Login") == 1
    for _ in range(3):  # a supervisor starts it again and again
        assert "signer.pin-refused" in start(b"000000")
    assert "signer.pin-refused" in start(PIN)
    assert spied.read_text().count("C_Login") == 1
    (signer / "pin-refused").unlink()  # a person looked
    assert start(PIN) == ""
    assert spied.read_text().count("C_Login") == 2


def test_the_settings_hold_a_place_and_nothing_else(tmp_path: Path, hsm: Hsm) -> None:
    assert token_place(tmp_path) is None
    path = tmp_path / "keys.toml"
    for text in (
        'module = "x.so"\ntoken = "sceau"\n',
        'module = "/x.so"\n',
        'module = "/x.so"\ntoken = "sceau"\npin = "1234"\n',
        'module = "/x.so"\ntoken = "sceau"\nslot = "1"\n',
        "module = ",
    ):
        path.write_text(text)
        with pytest.raises(Fault, match=r"token\.settings"):
            token_place(tmp_path)
    path.write_text('module = "/nowhere/x.so"\ntoken = "sceau"\n')
    with pytest.raises(Fault, match=r"token\.module"):
        open_store(tmp_path, tmp_path / "keys", PIN)
    path.write_text(f'module = "{MODULE}"\ntoken = "another"\n')
    with pytest.raises(Fault, match=r"signer\.token-down"):
        open_store(tmp_path, tmp_path / "keys", PIN)
    path.write_text(f'module = "{MODULE}"\ntoken = "sceau"\nserial = "{hsm.serial()}"\n')
    made = open_store(tmp_path, tmp_path / "keys", PIN).create("root-el-g1", "ec:P-256")
    assert (
        hashlib.sha256(made.public_key).digest()
        == hashlib.sha256(hsm.store().open("root-el-g1").public_key).digest()
    )
