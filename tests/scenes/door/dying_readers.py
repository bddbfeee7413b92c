"""A prepared process whose children die, each as the name of its file says; all others are read.

Started in the place of `partners_ingest.intake.processes.prepared` by `test_reading_processes`.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time

from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import ReadResult
from partners_ingest.intake.delivery_way import read_delivery
from partners_ingest.intake.processes import child, prepared
from stores.all_stores import Stores


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crashed() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _ended_with_a_code() -> None:
    os._exit(7)


def _ended_without_a_word() -> None:
    os._exit(0)


def _out_of_memory() -> None:
    bytearray(1 << 40)


def _out_of_disk_it_may_take() -> None:
    raise OSError(errno.EFBIG, "too large")


def _out_of_space() -> None:
    raise OSError(errno.ENOSPC, "the disk is full")


def _never_done() -> None:
    subprocess.Popen(["sleep", "3217"])  # ends with its parent
    time.sleep(3600)


def _nested_too_deep() -> None:
    _nested_too_deep()


def _told_a_value() -> None:
    raise ValueError("06 39 98 00 01")


#: File name of a delivery -> how its reader ends, and what becomes of it.
DEATHS = {
    "names_20260301.csv": (_killed, "READER_FAILED"),
    "names_20260302.csv": (_crashed, "READER_FAILED"),
    "names_20260303.csv": (_ended_with_a_code, "READER_FAILED"),
    "names_20260304.csv": (_ended_without_a_word, "READER_FAILED"),
    "names_20260305.csv": (_out_of_memory, "TOO_LARGE"),
    "names_20260306.csv": (_out_of_disk_it_may_take, "TOO_LARGE"),
    "names_20260307.csv": (_never_done, "TOO_SLOW"),
    "names_20260308.csv": (_nested_too_deep, "READER_FAILED"),
    "names_20260309.csv": (_told_a_value, "READER_FAILED"),
}
#: This one is the machine's failure, not the delivery's.
DISK_FULL = "names_20260310.csv"


def read_or_die(stores: Stores, case: DeliveryCase) -> ReadResult:
    """Read a delivery and then die, so that its rows are written by then; those that are in no list live."""
    result = read_delivery(stores, case)
    if case.file_name == DISK_FULL:
        _out_of_space()
    if case.file_name in DEATHS:
        DEATHS[case.file_name][0]()
    return result


if __name__ == "__main__":
    child.read_delivery = read_or_die  # type: ignore[assignment]
    prepared.main()
