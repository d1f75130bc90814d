"""OCSP over HTTP by the instance's own publication process, beside nginx giving a file of that size, and
cfssl.

Each server runs on one core and is asked by 32 clients about as many different certificates; only its own CPU
seconds count. cfssl's `ocspserve` gives answers that were prepared for it (ours, byte for byte): it looks
nothing up.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import shutil
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from bench.database import ISSUER, CertificateMaker, fill_certificates, fill_revocations, forget
from bench.instance import Instance, make_instance
from bench.load import Load, Request
from bench.plan import ROOT, Plan
from bench.rounds import Sample, interleave, rate, ratio
from bench.rows import Bound, Row, missing
from bench.servers import Running, ServerFailedError, free_port, running
from sceau.publication import PreparedShelf
from sceau.status import IssuerIdentity, issuer_identity, read_ocsp_question

_TYPE = {"Content-Type": "application/ocsp-request"}
_ASKED = 1_000
_REVOKED = 10  # one in so many
_SECONDS_EACH = 0.002  # to prepare one certificate's two answers, on a machine that has other things to do
_NGINX, _CFSSL, _SHELF = Bound(0.35, 0.45), Bound(1.3, 1.8), Bound(0.95)
_CFSSL_NOTE = (
    "Debian's cfssl 1.2.0 (2016) gives prepared answers from memory, without looking a status up; it refuses "
    "every GET (it takes the path's slash for base64), so both ways are held against its POST"
)


def run(plan: Plan) -> list[Row]:
    """Make the instance and its peers, check their answers, load them in turn."""
    count = plan.scale // 10
    folder = plan.folder / "ocsp"
    forget(folder / "instance")
    instance = make_instance(folder / "instance")
    fill_certificates(instance.data, count)
    fill_revocations(instance.data, count, step=_REVOKED)
    questions = _questions(instance, count)
    prepared = folder / "prepared"
    forget(prepared)
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(instance.part("publication", instance.publication))
        contestants, answers = _ours(ours, questions, folder, plan)
        failures = {}
        shelf = partial(_shelf, instance=instance, prepared=prepared)
        for name, peer in (("nginx", _nginx), ("cfssl", _cfssl), ("shelf", shelf)):
            try:
                contestants |= stack.enter_context(peer(questions, answers, folder, plan))
            except (ServerFailedError, OSError) as failure:
                failures[name] = str(failure)
        rounds = interleave(contestants, plan)
    return _rows(rounds, failures, count, len(answers[0]))


def _rows(rounds: dict[str, list[Sample]], failures: Mapping[str, str], count: int, size: int) -> list[Row]:
    rows = []
    asked = f"{_ASKED} certificates of {count:,} asked about in turn, one in {_REVOKED} revoked"
    note = f"{asked}; answers of {size} octets, kept in memory since they were first asked for"
    for method in ("GET", "POST"):
        ours = f"ours {method}"
        for peer, theirs, bound, words in (
            ("nginx", "nginx GET", _NGINX, "nginx, a file of that size (GET)"),
            ("cfssl", "cfssl POST", _CFSSL, "cfssl ocspserve (POST)"),
        ):
            name = f"OCSP {method}, embedded server, beside {peer}"
            if peer in failures:
                rows.append(missing(name, failures[peer], bound=bound, peer=words))
                continue
            beside = f"{words}: {rate(rounds, theirs):,.0f}"
            told = note if peer == "nginx" else f"{note}; {_CFSSL_NOTE}"
            found = ratio(rounds, ours, theirs)
            rows.append(Row(name, rate(rounds, ours), "answers a CPU second", found, bound, beside, told))
    fresh = "each answer is looked up and signed (a nonce forbids keeping it); P-256 responder"
    rows.append(
        Row(
            "OCSP POST with a nonce",
            rate(rounds, "ours nonce"),
            "answers a CPU second",
            peer="none does it",
            note=fresh,
        )
    )
    rows.append(_shelf_row(rounds, failures, size))
    return rows


def _shelf_row(rounds: dict[str, list[Sample]], failures: Mapping[str, str], size: int) -> Row:
    name, peer = "OCSP from the shelf through nginx", "nginx static, the same files at the same addresses"
    failed = {which: why for which, why in failures.items() if which != "cfssl"}
    if failed:
        return missing(name, "; ".join(failed.values()), bound=_SHELF, peer=peer)
    short = ratio(rounds, "shelf GET", "nginx GET")
    note = (
        f"{_ASKED} files of {size} octets prepared by `sceau.site.part answers`, through the shipped "
        "deploy/nginx/publication.conf, one worker; no request reaches the embedded server. Beside nginx "
        f"giving one file of that size at a short address, as in the rows above: {short:.2f} (an address of "
        "160 letters, some of them to be decoded, costs nginx the difference)"
    )
    found = ratio(rounds, "shelf GET", "static GET")
    beside = f"{peer}: {rate(rounds, 'static GET'):,.0f}"
    value = rate(rounds, "shelf GET")
    return Row(name, value, "answers a CPU second", found, _SHELF, beside, note)


def _questions(instance: Instance, count: int) -> list[bytes]:
    """Requests about certificates spread over the whole table, with SHA-1 identifiers as most clients send
    them.
    """
    hashed = _hashes(_issuer(instance))
    maker = CertificateMaker()
    numbers = range(1, count + 1, max(1, count // _ASKED))
    return [_question(hashed, maker.serial(number)) for number in numbers][:_ASKED]


def _question(issuer: tuple[bytes, bytes], serial: int, nonce: bytes | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*issuer, serial, hashes.SHA1())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def _issuer(instance: Instance) -> IssuerIdentity:
    (path,) = (instance.data / "signer").rglob(f"{ISSUER}-g1.cer")
    return issuer_identity(ISSUER, 1, path.read_bytes())


def _hashes(issuer: IssuerIdentity) -> tuple[bytes, bytes]:
    """SHA-1 of the issuer's name and key bits [RFC 6960 §4.1.1]."""
    return hashlib.sha1(issuer.name).digest(), hashlib.sha1(issuer.key_bits).digest()


def _checked(answer: bytes, question: bytes) -> bytes:
    """The answer, if it is one: successful, about what was asked, never unknown."""
    read = ocsp.load_der_ocsp_response(answer)
    if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ServerFailedError(f"an OCSP answer says {read.response_status}")
    if read.serial_number != ocsp.load_der_ocsp_request(question).serial_number:
        raise ServerFailedError("an OCSP answer is about another certificate")
    if read.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        raise ServerFailedError("a certificate of the table is unknown to OCSP")
    return answer


def _ours(
    server: Running, questions: Sequence[bytes], folder: Path, plan: Plan
) -> tuple[dict[str, Callable[[], Sample]], list[bytes]]:
    """Our contestants, and the answers that the peers are given to serve."""
    gets = Load(folder, "ours-get", [Request("GET", "/ocsp/" + _in_path(asked)) for asked in questions])
    posts = Load(folder, "ours-post", [Request("POST", "/ocsp", asked, _TYPE) for asked in questions])
    with_nonce = [Request("POST", "/ocsp", _with_nonce(asked), _TYPE) for asked in questions]
    fresh = Load(folder, "ours-nonce", with_nonce)
    answers: list[bytes] = []
    posts.prove(server, lambda at, body: answers.append(_checked(body, questions[at])))
    for load in (gets, fresh):
        load.prove(server, lambda at, body: _checked(body, questions[at]))
    contestants = {
        "ours GET": lambda: gets.sample(server, seconds=plan.seconds),
        "ours POST": lambda: posts.sample(server, seconds=plan.seconds),
        "ours nonce": lambda: fresh.sample(server, seconds=plan.seconds),
    }
    return contestants, answers


def _with_nonce(question: bytes) -> bytes:
    read = ocsp.load_der_ocsp_request(question)
    return _question(
        (read.issuer_name_hash, read.issuer_key_hash), read.serial_number, b"0123456789abcdef" * 2
    )


def _in_path(question: bytes) -> str:
    return urllib.parse.quote(base64.b64encode(question).decode(), safe="")


@contextlib.contextmanager
def _nginx(
    questions: Sequence[bytes], answers: Sequence[bytes], folder: Path, plan: Plan
) -> Iterator[dict[str, Callable[[], Sample]]]:
    """nginx with one worker, without a log, giving the first answer as a file."""
    del questions
    port = free_port()
    with nginx_serving(folder / "nginx", {"answer.der": answers[0]}, port=port) as server:
        load = Load(folder, "nginx-get", [Request("GET", "/answer.der")])
        yield {"nginx GET": lambda: load.sample(server, seconds=plan.seconds)}


@contextlib.contextmanager
def nginx_serving(
    folder: Path, files: Mapping[str, bytes], *, port: int, root: Path | None = None
) -> Iterator[Running]:
    """nginx as a floor: static files from the page cache, keep-alive, one worker; `files`, or what is in
    `root` already.
    """
    if shutil.which("nginx") is None:
        raise ServerFailedError("nginx is not installed (apt-get install nginx-light)")
    folder.mkdir(parents=True, exist_ok=True)
    root = root or folder / "files"
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (root / name).write_bytes(content)
    for path in (folder, *folder.parents):
        if path.name == "bench":
            break
        path.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX_CONF % {"folder": folder, "port": port, "root": root})
    command = ["nginx", "-c", str(configuration), "-e", str(folder / "error.log")]
    with running("nginx", command, port=port, log=folder / "nginx.log") as server:
        yield server


_NGINX_CONF = """
daemon off; worker_processes 1; pid %(folder)s/pid; user root;
events { worker_connections 512; }
http {
  access_log off; keepalive_requests 10000000; sendfile on; tcp_nopush on;
  open_file_cache max=1000 inactive=1h; open_file_cache_valid 1h; default_type application/ocsp-response;
  client_body_temp_path %(folder)s/t1; proxy_temp_path %(folder)s/t2; fastcgi_temp_path %(folder)s/t3;
  uwsgi_temp_path %(folder)s/t4; scgi_temp_path %(folder)s/t5;
  server { listen 127.0.0.1:%(port)d; root %(root)s; merge_slashes off; }
}
"""


@contextlib.contextmanager
def _shelf(
    questions: Sequence[bytes],
    answers: Sequence[bytes],
    folder: Path,
    plan: Plan,
    *,
    instance: Instance,
    prepared: Path,
) -> Iterator[dict[str, Callable[[], Sample]]]:
    """nginx with the product's own configuration over what the product prepared; no embedded server behind
    it is asked: each answer was a file.
    """
    del answers
    if shutil.which("nginx") is None:
        raise ServerFailedError("nginx is not installed (apt-get install nginx-light)")
    shelf = PreparedShelf(prepared)
    last = read_ocsp_question(questions[-1]).require().asked[0].raw
    with instance.part(
        "answers",
        is_ready=lambda: shelf.find(last) is not None,
        more={"SCEAU_OCSP_SHELF": str(prepared)},
        patience=60 + plan.scale // 10 * _SECONDS_EACH,
    ):
        pass
    port, place = free_port(), folder / "nginx-shelf"
    place.mkdir(parents=True, exist_ok=True)
    shipped = (ROOT / "deploy" / "nginx" / "publication.conf").read_text(encoding="utf-8")
    for theirs, ours in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8480", f"127.0.0.1:{free_port()}"),
        ("/srv/sceau/ocsp-shelf", str(prepared)),
    ):
        shipped = shipped.replace(theirs, ours)
    configuration = place / "nginx.conf"
    configuration.write_text(_NGINX_SHELF % {"folder": place, "server": shipped})
    command = ["nginx", "-c", str(configuration), "-e", str(place / "error.log")]
    named = [asked for asked in questions if not base64.b64encode(asked).endswith(b"/")]
    gets = [Request("GET", "/ocsp/" + _in_path(asked)) for asked in named]
    floor_port = free_port()
    with (
        running("nginx", command, port=port, log=place / "nginx.log") as server,
        nginx_serving(folder / "nginx-floor", {}, port=floor_port, root=prepared) as floor,
    ):
        loads = {"shelf GET": (Load(folder, "shelf-get", gets), server)}
        loads["static GET"] = Load(folder, "static-get", gets), floor
        for load, one in loads.values():
            load.prove(one, lambda at, body: _checked(body, named[at]))
        yield {name: partial(load.sample, one, seconds=plan.seconds) for name, (load, one) in loads.items()}


_NGINX_SHELF = """
daemon off; worker_processes 1; pid %(folder)s/pid; user root;
events { worker_connections 512; }
http {
  keepalive_requests 10000000; sendfile on; tcp_nopush on;
  client_body_temp_path %(folder)s/t1; proxy_temp_path %(folder)s/t2; fastcgi_temp_path %(folder)s/t3;
  uwsgi_temp_path %(folder)s/t4; scgi_temp_path %(folder)s/t5;
%(server)s
}
"""


@contextlib.contextmanager
def _cfssl(
    questions: Sequence[bytes], answers: Sequence[bytes], folder: Path, plan: Plan
) -> Iterator[dict[str, Callable[[], Sample]]]:
    """cfssl ocspserve with our answers, each checked to come back."""
    if shutil.which("cfssl") is None:
        raise ServerFailedError("cfssl is not installed (apt-get install golang-cfssl)")
    prepared = folder / "cfssl-responses"
    prepared.write_text("\n".join(base64.b64encode(answer).decode() for answer in answers) + "\n")
    port = free_port()
    command = ["cfssl", "ocspserve", "-address", "127.0.0.1", "-port", str(port), "-responses", str(prepared)]
    command += ["-loglevel", "5"]
    with running("cfssl ocspserve", command, port=port, log=folder / "cfssl.log") as server:
        posts = Load(folder, "cfssl-post", [Request("POST", "/", asked, _TYPE) for asked in questions])
        posts.prove(server, lambda at, body: _checked(body, questions[at]))
        yield {"cfssl POST": lambda: posts.sample(server, seconds=plan.seconds)}
