"""Downloading one address over HTTP: conditional, resumed, checked for length, retried with pauses.

Keeping files belongs to `open_data.shelf`, checking that a file is the announced one to `open_data.soundness`. An
interrupted download keeps its bytes: the next attempt, or the next command, resumes if the server still has the same
version.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests
import tenacity
from requests import codes
from urllib3.exceptions import HTTPError

from open_data.failures import SourceFailed
from open_data.resources import Resource
from open_data.shelf import Kept, Partial, Shelf, Version
from terms.clock import Clock, aware_utc, to_iso

Progress = Callable[[str], None]

#: So that a producer can see who asks; no address of a person.
USER_AGENT = "filiation/0.1 (open data, one connection at a time)"
_CHUNK = 1 << 16
_TENTH = 10
#: Smaller files are here before a line about them is read.
_TOLD_FROM = 8 << 20
_TRANSIENT = {codes.request_timeout, codes.too_many_requests}


@dataclass(frozen=True)
class Patience:
    """How long and how often an address is asked; times in seconds.

    Attributes:
        attempts: of one download in one command, without any new byte between them.
        longest_wait: a server that asks for more fails the download; it is asked again by a later command.
    """

    attempts: int = 6
    first_wait: float = 2.0
    longest_wait: float = 300.0
    connect_timeout: float = 15.0
    read_timeout: float = 60.0


class _Interrupted(Exception):
    """Another attempt may help; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Downloader:
    """Downloads resources onto a shelf, one after the other, over one session.

    Args:
        shelf: where the files go.
        clock: tells when a file was fetched.
        progress: told a line of words now and then.
        patience: how long to wait and how often to try again; None = the usual.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        shelf: Shelf,
        clock: Clock,
        progress: Progress,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._progress = progress
        self._patience = patience or Patience()
        self._sleep = sleep
        self._session = requests.Session()
        # Bytes as they are published: an encoding of the way would have neither their size nor a place to resume.
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})

    def bring(self, resource: Resource) -> Kept:
        """Return the resource's present file, downloaded unless the shelf has this version.

        Raises:
            SourceFailed: the address has no such file, gives a web page, or did not answer often enough; the bytes
                received stay on the shelf.
        """
        seen = _Seen()
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Interrupted),
            stop=lambda _: seen.idle_attempts >= self._patience.attempts,
            wait=self._wait,
            sleep=self._sleep,
            before_sleep=lambda state: self._progress(f"  {_reason(state)}; trying again"),
            reraise=True,
        )
        try:
            return retrying(self._attempt, resource, seen)
        except _Interrupted as error:
            raise SourceFailed(
                f"{resource.url}: {error}, {self._patience.attempts} times in a row.",
                "Fetch again later: it goes on where it stopped.",
            ) from None
        except requests.RequestException as error:
            raise SourceFailed(f"{resource.url} cannot be asked ({type(error).__name__}).", "Correct it.") from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        asked = _error(state).wait
        first, longest = self._patience.first_wait, self._patience.longest_wait
        grown = tenacity.wait_exponential_jitter(initial=first, max=longest, jitter=first)
        return grown(state) if asked is None else asked

    def _attempt(self, resource: Resource, seen: _Seen) -> Kept:
        partial, known = self._shelf.partial(resource.url), self._shelf.known(resource.url)
        seen.idle_attempts += 1
        try:
            with self._ask(resource, partial, known) as answer:
                if answer.status_code == codes.not_modified and known is not None:
                    return known
                self._check_status(resource, answer, partial)
                size = _start(resource, answer, partial)
                self._take(resource, answer, partial, size, seen)
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            HTTPError,
        ) as error:
            raise _Interrupted(f"the connection broke after {partial.size} bytes ({type(error).__name__})") from None
        return self._shelf.keep(resource.url, to_iso(self._clock.now()))

    def _ask(self, resource: Resource, partial: Partial, known: Kept | None) -> requests.Response:
        timeout = (self._patience.connect_timeout, self._patience.read_timeout)
        return self._session.get(resource.url, stream=True, timeout=timeout, headers=_conditions(partial, known))

    def _check_status(self, resource: Resource, answer: requests.Response, partial: Partial) -> None:
        status = answer.status_code
        if status == codes.requested_range_not_satisfiable:
            partial.drop()
            raise _Interrupted("the server no longer has the part that was asked for")
        if status in _TRANSIENT or status >= codes.internal_server_error:
            raise _Interrupted(f"the server answered {status}", self._asked_wait(resource, answer))
        if status not in {codes.ok, codes.partial_content}:
            raise SourceFailed(f"{resource.url} answers {status}.", "Has the producer moved it? Correct its url.")

    def _asked_wait(self, resource: Resource, answer: requests.Response) -> float | None:
        wait = _retry_after(answer)
        if wait is not None and wait > self._patience.longest_wait:
            raise SourceFailed(f"{resource.url} asks to wait {wait:.0f} seconds.", "Fetch again after that.")
        return wait

    def _take(
        self, resource: Resource, answer: requests.Response, partial: Partial, size: int | None, seen: _Seen
    ) -> None:
        """Append the body to the partial file; a body that ends before `size` is an interruption."""
        position = partial.size
        with partial.path.open("ab") as out:
            for chunk in answer.iter_content(_CHUNK):
                before, position = position, position + out.write(chunk)
                seen.reached(position)
                self._tell(resource, size, before, position)
        if size is not None and partial.size < size:
            raise _Interrupted(f"the body ended after {partial.size} of {size} bytes")
        if size is not None and partial.size > size:
            partial.drop()
            raise _Interrupted(f"the body is longer than the {size} bytes announced")

    def _tell(self, resource: Resource, size: int | None, before: int, position: int) -> None:
        """Report each further tenth of a large file."""
        if size and size >= _TOLD_FROM and position * _TENTH // size > before * _TENTH // size:
            self._progress(f"  {resource.published_name}: {position >> 20} of {size >> 20} MiB")


@dataclass
class _Seen:
    """Attempts since the last new byte: a large file over a bad line may be cut more often than a dead server is asked.

    A byte is new beyond all that ever came: a server that announces more than it has would be asked for ever.
    """

    idle_attempts: int = 0
    furthest: int = 0

    def reached(self, position: int) -> None:
        """Note how far the file is here."""
        if position > self.furthest:
            self.furthest, self.idle_attempts = position, 0


def _conditions(partial: Partial, known: Kept | None) -> dict[str, str]:
    """Return the headers that ask for the rest of what is half here, or only for another version than what is known."""
    version = partial.version
    if version is not None and version.for_range is not None:
        return {"Range": f"bytes={partial.size}-", "If-Range": version.for_range}
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value is not None}


def _start(resource: Resource, answer: requests.Response, partial: Partial) -> int | None:
    """Make the partial file fit the answer's first byte and return the whole file's size, None if it is not told."""
    _refuse_page(resource, answer)
    told = answer.headers.get("Content-Length")
    whole = int(told) if told is not None and told.isdigit() and "Content-Encoding" not in answer.headers else None
    if answer.status_code == codes.partial_content:
        return _continue(answer, partial)
    partial.begin(Version(answer.headers.get("ETag"), answer.headers.get("Last-Modified"), whole))
    return whole


def _continue(answer: requests.Response, partial: Partial) -> int | None:
    """Check that a 206 goes on from our last byte, of our version; servers that ignore `If-Range` do not."""
    version = partial.version
    span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    etag = answer.headers.get("ETag")
    if version is None or span is None or int(span[1]) != partial.size or etag not in {None, version.etag}:
        partial.drop()
        raise _Interrupted("the server went on with another version of the file")
    size = version.size if span[3] == "*" else int(span[3])
    if version.size is not None and size != version.size:
        partial.drop()
        raise _Interrupted("the file changed its size between two answers")
    return size


def _refuse_page(resource: Resource, answer: requests.Response) -> None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise SourceFailed(
            f"{resource.url} gives a web page instead of the file.",
            "Open it in a browser: the producer may have moved the file, or asks for something.",
        )


def _retry_after(answer: requests.Response) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date by the server's own clock; None if it says neither."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isdigit():
        return float(told)
    try:
        until = parsedate_to_datetime(told)
        now = parsedate_to_datetime(answer.headers["Date"])
    except (ValueError, KeyError):
        return None
    return max(0.0, (aware_utc(until) - aware_utc(now)).total_seconds())


def _error(state: tenacity.RetryCallState) -> _Interrupted:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, _Interrupted):
        raise TypeError("only an interrupted attempt is tried again")
    return error


def _reason(state: tenacity.RetryCallState) -> str:
    return str(_error(state))
