"""The parent's side: starts the prepared process, has each delivery read in a child of it, and says how that ended.

The parent never reads what is in a file. What a failure means for a delivery is a stop as any other; its words hold nothing
of the file.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from types import MappingProxyType

from consent.dossiers.dossiers import DossierSet
from partners_ingest.erased.erased_records import Marks
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import ReadResult, Stop
from partners_ingest.intake.processes.failures import Failure
from partners_ingest.intake.processes.messages import (
    LONGEST_ANSWER,
    ReadingContext,
    packed,
    packed_case,
    read_answer,
)
from partners_ingest.intake.steps.forget_reading import forget_reading
from partners_ingest.intake.steps.identify_file import identify_file
from stores.all_stores import Stores
from stores.engine import checked_httpfs
from terms import failpoint
from terms.errors import FiliationError
from terms.reasons import FileReason
from terms.settings import PROJECT_ROOT, Settings

#: Variables that a child may have; none is a secret. Keys come through the socket, and only those that reading needs.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "FILIATION_ENV", failpoint.VARIABLE)
#: Libraries that would start threads of their own when they are imported (numpy, pyarrow).
_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
#: Seconds within which a child that has answered ends, and the prepared process is ready.
_ENDS_WITHIN, _READY_WITHIN = 10.0, 120.0
_MODULE = "partners_ingest.intake.processes.prepared"


class _PreparedGone(Exception):
    """The prepared process ended; another one can be started."""


@dataclass(frozen=True)
class _Ended:
    """How a child ended: its exit code (below zero: by that signal), what it answered, and whether its time was over."""

    code: int
    answer: bytes
    is_late: bool


class _Prepared:
    """The prepared process and the socket to it."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a message of a library may quote a cell
            )
        self._told = Connection(os.dup(self._ours.fileno()))
        self._context: ReadingContext | None = None
        if not self._told.poll(_READY_WITHIN):
            self.end()
            raise FiliationError("The process that reads deliveries did not start.", "Run `make setup`.")
        self.threads = int(self._receive())

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def share(self, context: ReadingContext) -> None:
        """Tell what all deliveries share, unless it is known, and wait until it is understood."""
        if self._context is not context:
            self._send(b"c" + packed(context))
            self._receive()
            self._context = context

    def read(self, case: bytes, seconds: float) -> _Ended:
        """Have one delivery read by a child within so many seconds."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._send(b"d" + case)
                socket.send_fds(self._ours, [b"\0"], [theirs.fileno()])
            return self._hear(int(self._receive()), ours, time.monotonic() + seconds)

    def _hear(self, pid: int, answers: socket.socket, deadline: float) -> _Ended:
        answer = _receive_answer(answers, deadline)
        is_late = answer is None and time.monotonic() >= deadline
        if answer is None or not self._told.poll(_ENDS_WITHIN):
            _end_group(pid)
        try:
            return _Ended(int(self._receive()), answer or b"", is_late)
        except _PreparedGone:
            _end_group(pid)
            raise

    def end(self) -> None:
        """End it, and with it the child that it has."""
        self._told.close()
        self._ours.close()
        self._process.kill()
        self._process.wait()

    def _send(self, message: bytes) -> None:
        try:
            self._told.send_bytes(message)
        except OSError:
            raise _PreparedGone from None

    def _receive(self) -> bytes:
        try:
            return self._told.recv_bytes()
        except (EOFError, OSError):
            raise _PreparedGone from None


class ReadingProcesses:
    """Has deliveries read, each in a process of its own; the prepared process is started for the first of them."""

    def __init__(self, stores: Stores, dossiers: DossierSet, marks: Marks) -> None:
        """Start nothing yet.

        Args:
            stores: that children open for themselves.
            dossiers: of all partners.
            marks: of persons who were erased or purged.
        """
        self._stores, self._dossiers, self._marks = stores, dossiers, marks
        self._prepared: _Prepared | None = None
        self._shared: ReadingContext | None = None

    def __enter__(self) -> ReadingProcesses:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the prepared process."""
        self._let_go()

    def read(self, case: DeliveryCase) -> ReadResult:
        """Return what reading a delivery gave; where it failed, the stop READER_FAILED, TOO_LARGE or TOO_SLOW.

        Raises:
            FiliationError: this machine failed, and not the delivery: the next run may succeed.
        """
        seconds = case.limits.time_for(case.size)
        try:
            ended = self._read_once(case, seconds)
        except _PreparedGone:  # whoever ended it: the delivery has its chance
            self._let_go()
            ended = self._retry(case, seconds)
        return settle(self._stores, case, _judge(ended, seconds))

    def _retry(self, case: DeliveryCase, seconds: float) -> _Ended:
        try:
            return self._read_once(case, seconds)
        except _PreparedGone:
            self._let_go()
            return _Ended(-signal.SIGKILL, b"", is_late=False)

    def _read_once(self, case: DeliveryCase, seconds: float) -> _Ended:
        if self._prepared is None:
            self._prepared = _Prepared()
        try:
            self._prepared.share(self._context())
        except _PreparedGone:  # before it had seen anything of the delivery: it is not the delivery's doing
            self._let_go()
            raise FiliationError(
                "The process that reads deliveries ended before it read any.",
                "Run the refresh again; report it if it stays.",
            ) from None
        return self._prepared.read(packed_case(case), seconds)

    def _context(self) -> ReadingContext:
        if self._shared is None:
            stores = self._stores
            self._shared = ReadingContext(
                settings=_settings_to_read(stores.settings),
                home=stores.home,
                dossiers=self._dossiers,
                marks=self._marks,
                httpfs=checked_httpfs(),
            )
        return self._shared

    def _let_go(self) -> None:
        if self._prepared is not None:
            self._prepared.end()
            self._prepared = None


def _settings_to_read(settings: Settings) -> Settings:
    """Return settings without the secrets that reading does not need."""
    return replace(settings, new_vault_key=None, transport_secrets=None, gateway_passwords=MappingProxyType({}))


def settle(stores: Stores, case: DeliveryCase, found: ReadResult | Failure) -> ReadResult:
    """Return what reading gave as what becomes of the delivery; nothing of a reading that failed is left.

    Args:
        stores: whose files are removed where reading failed.
        case: the delivery.
        found: what its reader answered.

    Raises:
        FiliationError: this machine failed, and not the delivery.
    """
    named = identify_file(case).named
    if isinstance(found, ReadResult):
        return replace(found, named=named)
    forget_reading(stores, case)
    if found.reason is None:
        raise FiliationError(
            f"It could not be read on this machine ({found.detail}).", "Look at the space and the rights of the disk."
        )
    return ReadResult(Stop(found.reason, found.detail), named)


def _judge(ended: _Ended, seconds: float) -> ReadResult | Failure:
    if ended.is_late:
        return Failure(FileReason.TOO_SLOW, f"it was stopped after {seconds:.0f} seconds")
    answer = read_answer(ended.answer) if ended.code == 0 else None
    if answer is not None:
        return answer
    how = f"by signal {-ended.code}" if ended.code < 0 else f"with code {ended.code}"
    return Failure(FileReason.READER_FAILED, f"its process ended {how}")


def _receive_answer(answers: socket.socket, deadline: float) -> bytes | None:
    """Return what a child sent until it closed its end; None where the time is over, or it sent more than any answer has."""
    blocks: list[bytes] = []
    size = 0
    while size <= LONGEST_ANSWER and (left := deadline - time.monotonic()) > 0:
        answers.settimeout(left)
        try:
            block = answers.recv(1 << 20)
        except TimeoutError:
            return None
        except ConnectionError:
            return b"".join(blocks)
        if not block:
            return b"".join(blocks)
        blocks.append(block)
        size += len(block)
    return None


def _end_group(pid: int) -> None:
    """End a child and all that it started; it leads a group of its own."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # it ended by itself


def _environment() -> Mapping[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed_on, **_NO_THREADS, **failpoint.for_child(), "PYTHONPATH": str(PROJECT_ROOT)}
