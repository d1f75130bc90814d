"""A bounded memory of what was found about things that never change: the oldest goes when it is full.

What is remembered can be found again: losing it costs time, never an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
S = TypeVar("S")


class Remembered(Generic[K, V]):
    """At most `most` values by key; may be shared by threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """What was kept under `key`, None when nothing is."""
        return self._values.get(key)

    def keep(self, key: K, value: V) -> None:
        """Keep `value` under `key`."""
        if len(self._values) >= self._most:
            self._values.pop(next(iter(tuple(self._values))), None)
        self._values[key] = value

    def forget(self) -> None:
        """Keep nothing."""
        self._values.clear()


class ByItself(Generic[S, V]):
    """At most `most` values, each found by the very object it was made from: nothing is compared or hashed.

    An equal object that is another one is another key; the object is held, so that its place is not taken.
    """

    def __init__(self, make: Callable[[S], V], most: int = 64) -> None:
        self._make = make
        self._kept: Remembered[int, tuple[S, V]] = Remembered(most)

    def forget(self) -> None:
        """Keep nothing."""
        self._kept.forget()

    def of(self, subject: S) -> V:
        """The value made from `subject`."""
        found = self._kept.get(id(subject))
        if found is not None and found[0] is subject:
            return found[1]
        value = self._make(subject)
        self._kept.keep(id(subject), (subject, value))
        return value
