"""The process from which those of the deliveries are forked: it has imported the libraries and has opened nothing.

`python -m partners_ingest.intake.processes.prepared HANDLE` is started by `reading_processes`; HANDLE is its socket. It
has one thread when it forks: a lock that another thread held would stay locked in the child for ever.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import select
import signal
import socket
import sys
from multiprocessing.connection import Connection

import duckdb

from partners_ingest.intake.processes.child import answer_and_end
from partners_ingest.intake.processes.messages import ReadingContext

#: First byte of what the parent tells: what all deliveries of a run share, or a delivery.
CONTEXT, CASE = b"c", b"d"

#: Loaded by the code that needs them, mostly within functions; here once for all.
_LIBRARIES = (
    "pandas",
    "phonenumbers.phonenumberutil",
    "pyarrow.parquet",
    "sqlalchemy.dialects.sqlite",
    "partners_ingest.arrival.seals",
    "partners_ingest.arrival.table_files",
)


def main() -> None:
    """Serve until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption means
    for library in _LIBRARIES:
        importlib.import_module(library)
    duckdb.default_connection().close()  # it came with the import, and a thread with it
    gc.collect()
    gc.freeze()  # or the first collection of each child would copy all pages
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        _serve(parent, Connection(os.dup(parent.fileno())))


def _serve(parent: socket.socket, told: Connection) -> None:
    ended = _wake_when_children_end()
    context: ReadingContext | None = None
    told.send_bytes(str(len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1).encode())
    while True:
        try:
            message = told.recv_bytes()
        except EOFError:
            return
        if message.startswith(CONTEXT):
            context = pickle.loads(message[1:])
            told.send_bytes(CONTEXT)
        elif context is not None:
            _, (answers, *_), _, _ = socket.recv_fds(parent, 1, 1)
            pid = _fork(context, message[1:], answers)
            os.close(answers)
            told.send_bytes(str(pid).encode())
            told.send_bytes(str(_exit_code(pid, parent, ended)).encode())


def _wake_when_children_end() -> socket.socket:
    """Return a socket that can be read when a child has ended."""
    ended, wakes = socket.socketpair()
    for end in (ended, wakes):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes.detach())
    return ended


def _fork(context: ReadingContext, case: bytes, answers: int) -> int:
    pid = os.fork()
    if pid == 0:
        os.setsid()  # what it starts ends with it
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        answer_and_end(context, case, socket.socket(fileno=answers))
    return pid


def _exit_code(pid: int, parent: socket.socket, ended: socket.socket) -> int:
    """Wait for a child and return its exit code, below zero if a signal ended it; where the parent goes first, end both."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            _end_group(pid)
            return os.waitstatus_to_exitcode(status)
        ready, _, _ = select.select([parent, ended], [], [])
        if ended in ready:
            ended.recv(64)
        elif parent in ready:  # it tells nothing while a child reads: it is gone
            _end_group(pid)
            os._exit(1)


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nothing of it is left


if __name__ == "__main__":
    main()
