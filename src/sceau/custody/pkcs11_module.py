"""A PKCS#11 module in this process: initialised for threads, restarted when it lost its tokens.

A module has one state a process. `python-pkcs11` initialises it without asking for locks, and threads then
crash inside some modules: it is finalised and initialised again with CKF_OS_LOCKING_OK. A restart ends every
session there is, so it waits until no call is under way, and `epoch` tells the sessions of before.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sceau.vocabulary import Fault

if TYPE_CHECKING:
    from pkcs11 import Token

_LOCKING_OK = 2
_OK, _NOT_INITIALISED = 0x000, 0x190
_LONGEST_CALL_SECONDS = 10.0


class _Arguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS: four callbacks that we leave to the system, flags, a reserved pointer."""

    _fields_ = (
        ("callbacks", ctypes.c_void_p * 4),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


class _Functions(ctypes.Structure):
    """The beginning of CK_FUNCTION_LIST; modules need to export nothing but the way to it."""

    _fields_ = (
        ("version", ctypes.c_ubyte * 2),
        ("initialise", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
        ("finalise", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
    )


class Module:
    """One module, loaded once; get it by `load_module`. Shared by threads."""

    def __init__(self, path: Path) -> None:
        import pkcs11

        try:
            self._library = pkcs11.lib(str(path))
            self._functions = _functions_of(path)
        except (pkcs11.PKCS11Error, OSError, AttributeError) as error:
            raise Fault("token.module", retryable=False, detail=f"{path}: {error}") from error
        self._room = threading.Condition()
        self._calls = 0
        self._restarting = False
        self.epoch = 0
        self.restart()

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """Use the module: no restart happens meanwhile."""
        with self._room:
            self._room.wait_for(lambda: not self._restarting)
            self._calls += 1
        try:
            yield
        finally:
            with self._room:
                self._calls -= 1
                self._room.notify_all()

    def restart(self) -> None:
        """Finalise and initialise: every session of before is over. Not to be called inside `call`.

        Raises `Fault` (``signer.token-down``) when a call does not end, or the module does not start (no
        network, no reader).
        """
        with self._room:
            self._room.wait_for(lambda: not self._restarting)
            self._restarting = True
            is_quiet = self._room.wait_for(lambda: self._calls == 0, timeout=_LONGEST_CALL_SECONDS)
        try:
            if not is_quiet:
                raise Fault("signer.token-down", retryable=True, detail="a call does not end")
            self.epoch += 1
            ended = self._functions.finalise(None)
            arguments = _Arguments(flags=_LOCKING_OK)
            begun = self._functions.initialise(ctypes.byref(arguments))
            if ended not in (_OK, _NOT_INITIALISED) or begun != _OK:
                detail = f"finalise {ended:#x}, initialise {begun:#x}"
                raise Fault("signer.token-down", retryable=True, detail=detail)
        finally:
            with self._room:
                self._restarting = False
                self._room.notify_all()

    def tokens(self) -> list[Token]:
        """The tokens present. Raises `pkcs11.PKCS11Error`."""
        return [slot.get_token() for slot in self._library.get_slots(token_present=True)]


def load_module(path: Path) -> Module:
    """The module at `path`, the same object for the whole process. Raises `Fault` (``token.module``)."""
    with _LOADING:
        if path not in _LOADED:
            _LOADED[path] = Module(path)
        return _LOADED[path]


_LOADING = threading.Lock()
_LOADED: dict[Path, Module] = {}


def _functions_of(path: Path) -> _Functions:
    table = ctypes.POINTER(_Functions)()
    ctypes.CDLL(str(path)).C_GetFunctionList(ctypes.byref(table))
    return table.contents
