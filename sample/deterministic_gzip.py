"""A gzip writer whose bytes are the same everywhere: stored blocks, no name, no time.

Compressed bytes differ between builds of zlib, and the sample must come out identical on every machine.
"""

from __future__ import annotations

import struct
import zlib

_BLOCK = 65_535


def gzip_bytes(data: bytes) -> bytes:
    """Return `data` as one gzip member (RFC 1952) of stored blocks (RFC 1951 §3.2.4)."""
    blocks = [data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK)] or [b""]
    body = b"".join(
        struct.pack("<BHH", position == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for position, block in enumerate(blocks)
    )
    header = b"\x1f\x8b\x08\x00" + b"\0" * 4 + b"\x00\xff"
    return header + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFF_FFFF)
