"""The process of one delivery: bounded before it reads the first byte, gone when it has answered.

How it is started and heard belongs to `prepared` and `reading_processes`.
"""

from __future__ import annotations

import os
import pickle
import resource
import socket
import tempfile

from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import ReadResult
from partners_ingest.intake.delivery_way import read_delivery
from partners_ingest.intake.processes.failures import Failure, failure_of
from partners_ingest.intake.processes.messages import ReadingContext, case_in, packed_answer
from stores.all_stores import Stores
from stores.engine import take_as_checked
from stores.operations.database import open_operations
from terms.limits import ReadingLimits

_MIB = 1 << 20


def answer_and_end(context: ReadingContext, case: bytes, answers: socket.socket) -> None:
    """Read one delivery, send the answer, and end this process, whatever happens.

    Args:
        context: what all deliveries of the run share.
        case: the delivery, pickled.
        answers: where the answer goes.
    """
    code = 1
    try:
        answers.sendall(packed_answer(_read(context, pickle.loads(case))))
        code = 0
    finally:
        os._exit(code)  # nothing of the process it was forked from runs its own end here


def _read(context: ReadingContext, sent: DeliveryCase) -> ReadResult | Failure:
    try:
        case = case_in(context, sent)
        _bound(case.limits)
        tempfile.tempdir = str(case.scratch)
        take_as_checked(context.httpfs)
        return read_delivery(_open_stores(context), case)
    except BaseException as error:  # a panic of a library is no Exception
        return failure_of(error)


def _open_stores(context: ReadingContext) -> Stores:
    settings = context.settings
    return Stores(settings, context.home, open_operations(settings.database_url), settings.clock())


def _bound(limits: ReadingLimits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core holds what memory held
    for kind, mib in ((resource.RLIMIT_AS, limits.memory_mib), (resource.RLIMIT_FSIZE, limits.disk_mib)):
        resource.setrlimit(kind, (mib * _MIB, mib * _MIB))
