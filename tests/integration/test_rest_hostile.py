"""Bodies, headers and addresses made to break the REST door: always a 4xx, quickly, with its reason."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sceau.enrolment import RestApp
from sceau.enrolment.rest import requests
from sceau.enrolment.rest.json_text import read_json
from sceau.enrolment.rest.routes import LARGE, SMALL
from sceau.enrolment.rest.shapes import Flag, Record, Several, Shape, Text, Whole, read_shape
from sceau.records.models import Certificate
from tests.instance import ADMINISTRATOR, Instance, accepted, csr, offer
from tests.integration.test_tokens import make
from tests.rest import RestClient, rest_app, with_card

GOOD = {"product": "SERV_SSL", "names": ["www.chu-exemple.fr"], "csr": csr().decode()}
_SQL = "'; DROP TABLE records_certificate; --"
IN_ORDER = (["terms_accepted", True], ["revocation_code", _SQL], ["revocation_code", "../../etc"])
POSTS = ["certificates", "preview", "certificates/CRT-00000-00000/revocation"]


@pytest.fixture
def program(instance: Instance) -> Iterator[RestClient]:
    accepted(offer("serv-ssl"))
    with rest_app() as app:
        yield RestClient(app, token=make().secret)


def test_t31_hostile_texts(program: RestClient) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    texts = {
        b"": "api.json",
        b" ": "api.json",
        b"null": "api.field-type",
        b"[]": "api.field-type",
        b'"x"': "api.field-type",
        b"1": "api.field-type",
        b"{": "api.json",
        b"{}{}": "api.json",
        b"{'a': 1}": "api.json",
        b'{"a": 1,}': "api.json",
        b'{"a": NaN}': "api.json-number",
        b'{"a": -Infinity}': "api.json-number",
        b'{"a": 1e400}': "api.json-number",
        b'{"a": 1.0}': "api.json-number",
        b'{"a": ' + b"9" * 5000 + b"}": "api.json-number",
        b'{"a": 1, "a": 1}': "api.json-key-twice",
        b'{"a": {"b": 1, "b": 2}}': "api.json-key-twice",
        b'{"a": "\xff"}': "api.json-utf8",
        b'{"a": "\xed\xa0\x80"}': "api.json-utf8",
        "\ufeff{}".encode(): "api.json",
        '{"a": 1}'.encode("utf-16"): "api.json-utf8",
        b'{"a": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001: "api.json-depth",
        b'{"a": ' + deep + b"}": "api.json-depth",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>": "api.json",
        b"\x1f\x8b\x08\x00": "api.json-utf8",
    }
    for text, code in texts.items():
        for path in POSTS if len(text) < SMALL else ["certificates"]:
            begun = time.monotonic()
            answer = program.post(path, text)
            assert (answer.status, answer.codes) == (400, {code}), text[:40]
            assert time.monotonic() - begun < 1


def test_hostile_values_of_each_field(program: RestClient) -> None:
    values: list[Any] = [None, True, 0, -1, 10**17, "", " ", "\0", "a\0b", "\ud800", "x" * 20_000, [], {}]
    values += [[[]], {"a": {}}, ["x"] * 1001, _SQL, "%s%n", "../../etc"]
    for name in (*GOOD, "habilitation", "holder", "replaces", "terms_accepted", "revocation_code", "autre"):
        for value in values:
            if [name, value] in IN_ORDER:
                continue
            answer = program.post("certificates", GOOD | {name: value})
            assert 400 <= answer.status < 500, (name, value, answer.content)
            assert answer.codes
    assert Certificate.objects.count() == 0


def test_t17_nothing_is_taken_for_true_but_true(instance: Instance) -> None:
    accepted(offer("serv-ssl"))
    with rest_app() as app:
        card = with_card(app, ADMINISTRATOR)
        for value in ("true", 1, "1", "yes", None, [True]):
            assert card.post("certificates", GOOD | {"terms_accepted": value}).codes == {"api.field-type"}


def test_an_unknown_field_is_refused_with_its_name_made_harmless(program: RestClient) -> None:
    answer = program.post("certificates", GOOD | {"hab\u202eilitation\ud800": 1})
    assert answer.codes == {"api.field-unknown"}
    assert "\u202e" not in answer.content.decode()


def test_t25_sizes(program: RestClient) -> None:
    long = GOOD | {"csr": "A" * (requests.LONGEST_CSR + 1)}
    assert program.post("certificates", long).codes == {"api.field-length"}
    many: dict[str, Any] = {"requests": [{}] * 501}
    assert program.post("certificates", many).codes == {"api.list-length"}
    assert program.post("certificates", {"requests": []}).codes == {"api.list-length"}
    assert program.post("preview", b" " * (SMALL + 1), key=None).status == 413
    announced = program.post("certificates", b"{}", **{"content-length": str(LARGE + 1)})
    assert (announced.status, announced.headers["connection"]) == (413, "close")
    lying = program.post("certificates", b" " * (LARGE + 1), **{"content-length": "2"})
    assert lying.status == 413


def test_nobody_makes_us_keep_a_large_body(program: RestClient) -> None:
    reads = 0

    async def receive() -> Any:
        nonlocal reads
        reads += 1
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    nobody = RestClient(program.app)
    for announced in ({}, {"content-length": str(LARGE)}, {"content-length": "x"}):
        answer = _with_receive(nobody, receive, announced)
        assert answer == 401
    assert reads == 0


def _with_receive(client: RestClient, receive: Any, headers: dict[str, str]) -> int:
    import asyncio

    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    named = {"content-type": "application/json", "idempotency-key": "k", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/certificates",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": None,
    }
    asyncio.run(client.app(scope, receive, send))
    return int(told[0]["status"])


def test_hostile_headers_and_addresses(program: RestClient) -> None:
    for query in (
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=٣",
        "limit=1&limit=2",
        "autre=1",
        "&&&",
        "=",
        "%ff=1",
    ):
        assert program.get("certificates", query=query).status == 400, query
    for query in ("after=%00", "after=" + "x" * 3000, "a=1&" * 50, "limit=%F0", "after=é"):
        assert program.get("certificates", query=query).status == 400, query
    assert program.get("habilitations", query="x=1").codes == {"api.query"}
    for path in (
        "certificates/CRT-00000-00000%0a",
        "certificates/../habilitations",
        "certificates/CRT-0000٣-00000",
    ):
        assert program.get(path).status == 404
    assert program.get("certificates/crt-00000-00000").status == 404
    for kind in ("application/json; charset=latin-1", "application/json, text/plain", "application/jsonx"):
        assert program.post("preview", GOOD, key=None, **{"content-type": kind}).status == 415


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**16), 10**16) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def near(shape: Shape) -> st.SearchStrategy[Any]:
    """Values that nearly are, or are, of this shape."""
    match shape:
        case Text(choices=choices) if choices:
            good: st.SearchStrategy[Any] = st.sampled_from(choices)
        case Text():
            good = st.text(max_size=60) | st.sampled_from(
                ["www.chu-exemple.fr", "CRT-00000-00000", "HAB-00000-00000", csr().decode(), "ABCD"]
            )
        case Flag():
            good = st.booleans()
        case Whole():
            good = st.integers(-5, 1100)
        case Several():
            good = st.lists(near(shape.of), max_size=3)
        case Record():
            good = st.fixed_dictionaries(
                {field.name: near(field.shape) for field in shape.fields if field.required},
                optional={field.name: near(field.shape) for field in shape.fields if not field.required},
            )
    return good | JSON


FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FUZZ
@given(sent=near(requests.CERTIFICATE) | near(requests.SEVERAL_CERTIFICATES))
def test_no_certificate_request_makes_a_5xx(program: RestClient, sent: Any) -> None:
    answer = program.post("certificates", sent)
    assert answer.status < 500, answer.content
    if answer.status == 200:
        assert all(one["status"] < 500 for one in answer.json["results"])


@FUZZ
@given(sent=near(requests.PREVIEW))
def test_no_preview_makes_a_5xx(program: RestClient, sent: Any) -> None:
    assert program.post("preview", sent, key=None).status < 500


@FUZZ
@given(sent=near(requests.REVOCATION))
def test_no_revocation_makes_a_5xx(program: RestClient, sent: Any) -> None:
    assert program.post("certificates/CRT-00000-00000/revocation", sent).status in {400, 404}


@FUZZ
@given(sent=st.binary(max_size=200))
def test_no_octets_make_a_5xx(program: RestClient, sent: bytes) -> None:
    assert program.post("certificates", sent).status in {400, 422}


@FUZZ
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]),
    path=st.text(max_size=40),
    query=st.text(max_size=60),
    headers=st.dictionaries(
        st.sampled_from(["idempotency-key", "content-type", "content-length", "accept", "range", "expect"]),
        st.text(st.characters(max_codepoint=255), max_size=40),
        max_size=4,
    ),
)
def test_no_address_makes_a_5xx(
    program: RestClient, method: str, path: str, query: str, headers: dict[str, str]
) -> None:
    for tried in (path, "certificates"):
        safe = query.encode("utf-8", "replace").decode("latin-1")
        answer = program.call(method, tried, query=safe, headers=headers)
        assert answer.status < 500


@given(value=JSON)
def test_reading_ends_for_any_shape_and_any_value(value: Any) -> None:
    for shape in (
        requests.CERTIFICATE,
        requests.SEVERAL_CERTIFICATES,
        requests.REVOCATION,
        requests.LIST_QUERY,
    ):
        assert all(finding.code.startswith("api.") for finding in read_shape(shape, value, path="corps"))
    if isinstance(value, dict):
        text = json.dumps(value)
        assert read_json(text.encode()).value == value


def test_the_app_of_a_lifespan_says_nothing(program: RestClient) -> None:
    app: RestApp = program.app
    import asyncio

    async def never(*_: Any) -> Any:
        raise AssertionError("nothing to say")

    asyncio.run(app({"type": "lifespan"}, never, never))
