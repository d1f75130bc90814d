"""Turns: whose numbers follow the order in which transactions commit.

A row's identifier is drawn when it is written, not when it is committed. Where a reader relies on the order
(revocations told to the status service, numbers of lists, places in the journal's tree), writers take the
turn first and keep it until their transaction ends. SQLite has one writer at a time anyhow.
"""

from __future__ import annotations

from enum import IntEnum

from django.db import connection


class Turn(IntEnum):
    """What is numbered in order of commit. The values are keys of PostgreSQL's advisory locks."""

    REVOCATIONS = 413_001
    LISTS = 413_002
    JOURNAL = 413_003


def take_turn(turn: Turn) -> None:
    """Wait for the turn, and hold it until the end of the present transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("a turn lasts as long as a transaction: there is none")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(turn)])


def hold_issuance() -> None:
    """Wait for every certificate being written, and hold back new ones until the end of the transaction.

    For what stops a key: whoever writes a certificate after it sees the stop. First statement of its
    transaction, or it may wait for somebody who waits for it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE records_certificate IN SHARE ROW EXCLUSIVE MODE")
