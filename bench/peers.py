"""Other authorities, installed and set up by the bench itself: cfssl (Debian) with SQLite, django-ca (PyPI).

Both under an issuing key of the same kind as ours, and both storing what they issue in SQLite. Neither checks
a right: whoever reaches cfssl gets any name signed; django-ca asks for a password and a permission.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.authority import authority

from bench.load import Load, Request
from bench.servers import Running, ServerFailedError, free_port, running

DJANGO_CA, GUNICORN = "django-ca[api]==3.2.0", "gunicorn==27.0.1"
_JSON = {"Content-Type": "application/json"}
_CFSSL_TABLES = """
CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob,
  status blob NOT NULL, reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL,
  PRIMARY KEY(serial_number, authority_key_identifier));
CREATE TABLE ocsp_responses (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL,
  body blob NOT NULL, expiry timestamp, PRIMARY KEY(serial_number, authority_key_identifier),
  FOREIGN KEY(serial_number, authority_key_identifier)
  REFERENCES certificates(serial_number, authority_key_identifier));
"""


@contextlib.contextmanager
def cfssl_serving(folder: Path, kind: str, csrs: Sequence[str]) -> Iterator[tuple[Running, Load]]:
    """`cfssl serve` over HTTP, every certificate written to SQLite; the load that asks it to sign `csrs`
    (PEM).
    """
    if shutil.which("cfssl") is None:
        raise ServerFailedError("cfssl is not installed (apt-get install golang-cfssl)")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _keep_authority(folder, kind)
    with contextlib.closing(sqlite3.connect(folder / "certs.db")) as database:
        database.executescript(_CFSSL_TABLES)
    (folder / "db.json").write_text(
        json.dumps({"driver": "sqlite3", "data_source": str(folder / "certs.db")})
    )
    usages = ["digital signature", "key encipherment", "server auth", "client auth"]
    profile = {"signing": {"default": {"expiry": "26280h", "usages": usages}}}
    (folder / "config.json").write_text(json.dumps(profile))
    port = free_port()
    command = ["cfssl", "serve", "-address", "127.0.0.1", "-port", str(port), "-loglevel", "5"]
    command += ["-ca", str(folder / "ca.pem"), "-ca-key", str(folder / "ca.key")]
    command += ["-config", str(folder / "config.json"), "-db-config", str(folder / "db.json")]
    asked = [_cfssl_request(csr, number) for number, csr in enumerate(csrs)]
    with running("cfssl serve", command, port=port, log=folder / "cfssl.log") as server:
        load = Load(folder, "sign", asked)
        load.prove(server, lambda _, body: _check_cfssl(body), most=5)
        yield server, load


def _cfssl_request(csr: str, number: int) -> Request:
    body = json.dumps({"certificate_request": csr, "hosts": [f"srv{number}.banc-essai.fr"]})
    return Request("POST", "/api/v1/cfssl/sign", body.encode(), _JSON)


def _check_cfssl(body: bytes) -> None:
    if "BEGIN CERTIFICATE" not in json.loads(body)["result"]["certificate"]:
        raise ServerFailedError(f"cfssl signed nothing: {body[:200]!r}")


def cfssl_issued(folder: Path) -> int:
    """How many certificates are in cfssl's database."""
    with contextlib.closing(sqlite3.connect(folder / "certs.db")) as database:
        return int(database.execute("SELECT COUNT(*) FROM certificates").fetchone()[0])


@contextlib.contextmanager
def django_ca_serving(folder: Path, kind: str, csrs: Sequence[str]) -> Iterator[tuple[Running, Load]]:
    """django-ca's REST API under gunicorn (one worker) and SQLite; the load that has it sign `csrs` (PEM)."""
    python = _django_ca_python(folder.parent)
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    (site / "settings.py").write_text(_DJANGO_CA_SETTINGS % {"folder": site})
    (site / "urls.py").write_text(_DJANGO_CA_URLS)
    (site / "prepare.py").write_text(_DJANGO_CA_PREPARE)
    environment = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(site)}
    serial = _said([python, str(site / "prepare.py"), kind], site, environment).splitlines()[-1]
    port = free_port()
    command = [
        python,
        "-m",
        "gunicorn",
        "--workers",
        "1",
        "--keep-alive",
        "60",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    command += ["--log-level", "error", "--worker-class", "gthread", "--threads", "4", "urls:application"]
    asked = [_django_ca_request(serial, csr, number) for number, csr in enumerate(csrs)]
    log = site / "gunicorn.log"
    with running("django-ca", command, port=port, log=log, environment=environment) as server:
        load = Load(folder, "sign", asked, clients=4)
        load.prove(server, lambda _, body: _check_django_ca(body), most=5)
        yield server, load


def django_ca_issued(folder: Path) -> int:
    """How many certificates are in django-ca's database."""
    with contextlib.closing(sqlite3.connect(folder / "site" / "db.sqlite3")) as database:
        return int(database.execute("SELECT COUNT(*) FROM django_ca_certificate").fetchone()[0])


def _django_ca_request(serial: str, csr: str, number: int) -> Request:
    subject = [{"oid": "2.5.4.3", "value": f"srv{number}.banc-essai.fr"}]
    names = {
        "type": "subject_alternative_name",
        "value": [{"type": "DNS", "value": f"srv{number}.banc-essai.fr"}],
    }
    body = json.dumps({"csr": csr, "subject": subject, "extensions": [names]})
    secret = base64.b64encode(b"banc:banc").decode()
    headers = {**_JSON, "Authorization": f"Basic {secret}"}
    return Request("POST", f"/django_ca/api/ca/{serial}/sign/", body.encode(), headers)


def _check_django_ca(body: bytes) -> None:
    if "slug" not in json.loads(body):
        raise ServerFailedError(f"django-ca took no order: {body[:200]!r}")


def _django_ca_python(folder: Path) -> str:
    """The interpreter of django-ca's own environment, made the first time."""
    place = folder / "django-ca-venv"
    python = place / "bin" / "python"
    mark = place / ".ready"
    if not mark.exists():
        shutil.rmtree(place, ignore_errors=True)
        _said([sys.executable, "-m", "venv", str(place)], folder, {})
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _said([*pip, DJANGO_CA, GUNICORN], folder, {})
        mark.touch()
    return str(python)


def _said(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise ServerFailedError(f"{Path(command[0]).name} {command[1]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


def _keep_authority(folder: Path, kind: str) -> None:
    issuer = authority("el-org", "development", kind=kind)
    shape = (
        PrivateFormat.TraditionalOpenSSL if isinstance(issuer.key, rsa.RSAPrivateKey) else PrivateFormat.PKCS8
    )
    (folder / "ca.key").write_bytes(issuer.key.private_bytes(Encoding.PEM, shape, NoEncryption()))
    (folder / "ca.pem").write_bytes(issuer.certificate.public_bytes(Encoding.PEM))


_DJANGO_CA_SETTINGS = """
SECRET_KEY = "bench"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_object_actions", "django_ca"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "%(folder)s/db.sqlite3",
    "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"}}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
FILES = "django.core.files.storage.FileSystemStorage"
STORAGES = {"default": {"BACKEND": FILES, "OPTIONS": {"location": "%(folder)s"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "django-ca": {"BACKEND": FILES, "OPTIONS": {"location": "%(folder)s/keys"}}}
CA_ENABLE_REST_API = True
CA_USE_CELERY = False
CA_DEFAULT_HOSTNAME = "127.0.0.1"
"""
_DJANGO_CA_URLS = """
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
application = get_wsgi_application()
urlpatterns = [path("django_ca/", include("django_ca.urls"))]
"""
_DJANGO_CA_PREPARE = """
import sys
import django
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django_ca.models import CertificateAuthority
call_command("migrate", verbosity=0)
kind = ["--key-type=RSA", "--key-size=2048"] if sys.argv[1].startswith("rsa") else ["--key-type=EC"]
curve = [] if sys.argv[1].startswith("rsa") else ["--elliptic-curve=secp256r1"]
call_command("init_ca", *kind, *curve, "banc", "CN=banc")
CertificateAuthority.objects.update(api_enabled=True)
get_user_model().objects.create_superuser("banc", "banc@example.invalid", "banc")
print(CertificateAuthority.objects.get().serial)
"""
