"""The installation guides, followed to the letter: the programs they are for run with the page's very lines.

Only folders and ports are moved, for a test is not alone on its machine.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sceau.portal.pages.certificates.guides import GUIDES, fill

HOST = "portail.ch-exemple.fr"
WORDS = {"stem": "portail-serv-ssl-06AB12CD", "host": HOST, "hosts": f"{HOST} www.ch-exemple.fr"}
WORDS |= {"others": "www.ch-exemple.fr"}
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
PASSWORD = "Tilleul-93-vert_kayak"


@dataclass(frozen=True)
class Files:
    """The folder in which the files lie under the names that the guides use."""

    folder: Path

    def named(self, ending: str) -> Path:
        return self.folder / f"{WORDS['stem']}{ending}"


def program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed (sudo make system)")
    return found


def certify(name: str, key: rsa.RSAPrivateKey, issuer: tuple[x509.Name, rsa.RSAPrivateKey] | None) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)
    by, signing = issuer or (subject, key)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(by).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    made = made.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    if issuer is not None:
        names = [x509.DNSName(one) for one in WORDS["hosts"].split()]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(signing, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Key, certificate, chain and authorities, named as they are when downloaded."""
    made = Files(tmp_path_factory.mktemp("guides"))
    top, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    root = certify("Autorité", top, None)
    leaf = certify(HOST, key, (x509.load_pem_x509_certificate(root).subject, top))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    contents = ((".key", secret), (".pem", leaf), ("-chaine.pem", leaf), ("-autorites.pem", root))
    for ending, content in contents:
        made.named(ending).write_bytes(content)
    return made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(files: Files, port: int, host: str) -> bool:
    """Whether curl, which trusts that authority only, finds `host` there."""
    command = [program("curl"), "--silent", "--show-error", "--cacert", str(files.named("-autorites.pem"))]
    command += ["--resolve", f"{host}:{port}:127.0.0.1", f"https://{host}:{port}/"]
    return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0


def test_nginx_serves_every_name_with_the_lines_of_its_guide(files: Files, tmp_path: Path) -> None:
    nginx, port = program("nginx"), free_port()
    lines = fill("nginx", WORDS).replace("/etc/nginx/tls", str(files.folder)).replace("443", str(port))
    settings = tmp_path / "nginx.conf"
    temporary = " ".join(
        f"{one}_temp_path {tmp_path}/{one};" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}\n"
        f'http {{ access_log off; {temporary} server {{ {lines}\n return 200 "ok"; }} }}\n'
    )
    with serving([nginx, "-c", str(settings)], port, tmp_path / "stderr"):
        assert all(answers(files, port, host) for host in WORDS["hosts"].split())
        assert not answers(files, port, "autre.ch-exemple.fr")


def test_apache_serves_every_name_with_the_lines_of_its_guide(files: Files, tmp_path: Path) -> None:
    apache, port = program("apache2"), free_port()
    lines = fill("apache", WORDS).replace("/etc/apache2/tls", str(files.folder))
    modules = "".join(
        f"LoadModule {one}_module /usr/lib/apache2/modules/mod_{one}.so\n"
        for one in ("mpm_event", "authz_core", "socache_shmcb", "ssl")
    )
    (tmp_path / "index.html").write_text("ok")
    settings = tmp_path / "apache.conf"
    settings.write_text(
        f"{modules}ServerRoot {tmp_path}\nPidFile {tmp_path}/pid\nErrorLog {tmp_path}/log\n"
        f"DefaultRuntimeDir {tmp_path}\nUser nobody\nGroup nogroup\nListen 127.0.0.1:{port}\n"
        f"DocumentRoot {tmp_path}\n<VirtualHost *:{port}>\n{lines}\n</VirtualHost>\n"
    )
    with serving([apache, "-X", "-f", str(settings)], port, tmp_path / "stderr"):
        assert all(answers(files, port, host) for host in WORDS["hosts"].split())
        assert not answers(files, port, "autre.ch-exemple.fr")


def test_postfix_shows_the_certificate_with_the_lines_of_its_guide(files: Files, tmp_path: Path) -> None:
    postconf, postfix = program("postconf"), program("postfix")
    if os.geteuid() != 0:
        pytest.skip("postfix starts as root only")
    folder = Path("/tmp") / f"sceau-postfix-{os.getpid()}"
    (folder / "data").mkdir(parents=True)
    os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, 0)
    port = free_port()
    try:
        for part in ("queue", "conf"):
            (folder / part).mkdir()
        (folder / "conf" / "master.cf").write_text(
            f"127.0.0.1:{port} inet n - n - - smtpd\ntlsmgr unix - - n 1000? 1 tlsmgr\n"
            "rewrite unix - - n - - trivial-rewrite\npostlog unix-dgram n - n - 1 postlogd\n"
            "anvil unix - - n - 1 anvil\nproxymap unix - - n - - proxymap\ncleanup unix n - n - 0 cleanup\n"
        )
        (folder / "conf" / "main.cf").write_text(
            f"compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\n"
            f"myhostname = {HOST}\nmaillog_file = {folder}/log\nmaillog_file_prefixes = /tmp\n"
            "smtpd_relay_restrictions = reject\nsmtpd_peername_lookup = no\n"
        )
        lines = fill("postfix", WORDS).replace("/etc/postfix/tls", str(files.folder)).splitlines()
        assert lines[-1] == "postfix check && postfix reload"
        for line in lines[:-1]:
            moved = line.replace("postconf -e", f"{postconf} -c {folder}/conf -e", 1)
            subprocess.run(moved, check=True, shell=True, capture_output=True)
        act = [postfix, "-c", f"{folder}/conf"]
        subprocess.run([*act, "start"], check=True, capture_output=True, timeout=60)
        try:
            asked = ["openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{port}"]
            asked += ["-verify_return_error", "-verify_hostname", HOST]
            asked += ["-CAfile", str(files.named("-autorites.pem"))]
            told = subprocess.run(asked, check=False, input=b"QUIT\r\n", capture_output=True, timeout=30)
            assert b"Verify return code: 0 (ok)" in told.stdout, told.stdout + told.stderr
        finally:
            subprocess.run([*act, "stop"], check=False, capture_output=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_curl_shows_the_certificate_with_the_line_of_its_guide(files: Files, tmp_path: Path) -> None:
    nginx, port = program("nginx"), free_port()
    lines = fill("nginx", WORDS).replace("/etc/nginx/tls", str(files.folder)).replace("443", str(port))
    lines += f"\nssl_verify_client on; ssl_client_certificate {files.named('-autorites.pem')};"
    settings = tmp_path / "nginx.conf"
    settings.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}\n"
        f'http {{ access_log off; server {{ {lines}\n return 200 "$ssl_client_s_dn"; }} }}\n'
    )
    line = fill("curl", WORDS).replace("autorites-du-service.pem", str(files.named("-autorites.pem")))
    line = line.replace("https://adresse-du-service/", f"https://{HOST}:{port}/")
    line = line.replace("curl ", f"{program('curl')} --silent --resolve {HOST}:{port}:127.0.0.1 ", 1)
    with serving([nginx, "-c", str(settings)], port, tmp_path / "stderr"):
        told = subprocess.run(line, check=True, shell=True, capture_output=True, text=True, cwd=files.folder)
    assert told.stdout == f"CN={HOST}"


def test_openssl_and_keytool_make_the_stores_with_the_lines_of_their_guides(files: Files) -> None:
    keytool = program("keytool")
    make = fill("p12", WORDS) + f" -passout pass:{PASSWORD}"
    subprocess.run(make, check=True, shell=True, capture_output=True, cwd=files.folder)
    first, second = fill("java", WORDS).splitlines()
    passwords = f" -srcstorepass {PASSWORD} -deststorepass {PASSWORD} -noprompt"
    for line in (first + passwords, second + f" -storepass {PASSWORD}"):
        there = line.replace("keytool", keytool, 1)
        told = subprocess.run(there, check=True, shell=True, capture_output=True, text=True, cwd=files.folder)
    assert "PrivateKeyEntry" in told.stdout


def test_every_guide_has_lines_that_name_the_files_of_this_certificate() -> None:
    for guide in GUIDES:
        lines = fill(guide.code, WORDS)
        assert WORDS["stem"] in lines, guide.code
        assert "{{" not in lines
        assert "{%" not in lines
