"""Places on a listener: so many an address, counted from the moment a connection is taken."""

from __future__ import annotations

import logging
import resource
import socket
from collections.abc import Iterator

import pytest

from sceau.publication import address_group
from sceau.site.gate import Gate, gates, raise_open_files


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr(Gate, "most_for_one", 2)
    (opened,) = gates("127.0.0.1", 0)
    with opened:
        opened.listen()
        yield opened


def knock(gate: Gate) -> socket.socket:
    return socket.create_connection(gate.getsockname(), timeout=5)


def test_one_too_many_is_closed_and_a_place_left_is_a_place_again(gate: Gate) -> None:
    with knock(gate), knock(gate), knock(gate) as third, knock(gate):
        first, second = gate.accept()[0], gate.accept()[0]
        with pytest.raises(ConnectionAbortedError):
            gate.accept()
        assert third.recv(1) == b""
        first.close()
        gate.accept()[0].close()
        second.close()


def test_the_places_in_all_are_counted_too(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gate, "most_in_all", 1)
    with knock(gate), knock(gate), gate.accept()[0], pytest.raises(ConnectionAbortedError):
        gate.accept()


@pytest.mark.parametrize(
    ("client", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:9:9:9:9", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_of_ipv6_counts_with_its_whole_network(client: str, group: str) -> None:
    assert address_group(client) == group


def test_the_limit_of_open_files_is_raised_and_too_low_a_one_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], 256), before[1]))
        with caplog.at_level(logging.WARNING):
            held = raise_open_files(enough=0)
            assert held > 256
            assert not caplog.records
            raise_open_files(enough=held + 1)
        assert "Relevez la limite" in caplog.text
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
