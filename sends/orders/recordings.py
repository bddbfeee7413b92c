"""Recordings of calls: how long a file of sound plays, and which bytes it holds.

What a recording must say belongs to `sends.rules.voice`.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from terms.errors import UsageError


@dataclass(frozen=True)
class Recording:
    """A file of sound as measured: length in seconds, and the hash of its bytes."""

    seconds: float
    sha256: str


def measure(path: Path) -> Recording:
    """Return length and hash of a WAV file.

    Raises:
        UsageError: it cannot be read, is no PCM WAV, or plays nothing.
    """
    wrong = UsageError(f"The recording {path.name} is no readable WAV file.", "Give a PCM WAV beside the order.")
    try:
        content = path.read_bytes()
        with wave.open(str(path), "rb") as sound:
            frames, rate, width = sound.getnframes(), sound.getframerate(), sound.getsampwidth() * sound.getnchannels()
            is_whole = len(sound.readframes(frames)) == frames * width
    except (OSError, EOFError, wave.Error):
        raise wrong from None
    if frames == 0 or rate == 0 or not is_whole:
        raise wrong
    return Recording(frames / rate, sha256(content).hexdigest())
