"""The tree's hashes as files (C2SP tlog-tiles): 256 hashes a tile; a full tile never changes again.

`sealing.log.log` decides which leaves there are. Tiles hold commitments only, so the folder can be given to anybody;
they can be made again from the leaves at any time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from sealing.log.tree import nodes_of

#: Hashes in a full tile (tlog-tiles: height 8).
WIDTH = 256
_HASH = 32


class DamagedTile(Exception):
    """A tile that is missing or has fewer hashes than the tree needs."""


class Tiles:
    """Files `tile/<level>/<number>`, and `<number>.p/<width>` while a tile is not full."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "tile"

    def extend(self, size: int, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes after the first `size`; doing it again after a crash gives the same files.

        Args:
            size: leaves that a signed checkpoint covers.
            leaves: hashes of all leaves after them.
        """
        level, start, hashes = 0, size, list(leaves)
        while hashes:
            hashes = self._extend_level(level, start, hashes)
            level, start = level + 1, start // WIDTH

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree of 2**level leaves that is the index-th of its level.

        Raises:
            DamagedTile: its tile is missing or cut.
        """
        tile_level, height = divmod(level, 8)
        first = index << height
        entries = self._read(tile_level, first // WIDTH, first % WIDTH + (1 << height))
        offset = first % WIDTH
        return nodes_of(entries[offset : offset + (1 << height)])(height, 0)

    def files(self, size: int) -> dict[Path, tuple[int, int, int]]:
        """Return the tiles that a tree of `size` leaves rests on: file -> level, number, hashes in it."""
        found, level, entries = {}, 0, size
        while entries:
            for number in range(-(-entries // WIDTH)):
                width = min(WIDTH, entries - number * WIDTH)
                found[self._file(level, number, width)] = (level, number, width)
            level, entries = level + 1, entries // WIDTH
        return found

    def _extend_level(self, level: int, start: int, hashes: list[bytes]) -> list[bytes]:
        """Write one level and return the roots of the tiles that became full, which are the next level's hashes."""
        roots = []
        while hashes:
            number, offset = divmod(start, WIDTH)
            self._forget_partials(level, number, keep=offset)
            before = self._read(level, number, offset)[:offset] if offset else []
            entries = before + hashes[: WIDTH - offset]
            self._write(self._file(level, number, len(entries)), entries)
            if len(entries) == WIDTH:
                roots.append(nodes_of(entries)(8, 0))
            hashes, start = hashes[WIDTH - offset :], start + len(entries) - offset
        return roots

    def _forget_partials(self, level: int, number: int, keep: int) -> None:
        """Remove what no checkpoint rests on any more: shorter states of this tile, and those of the full one before."""
        for file in self._file(level, number, 1).parent.glob("*"):
            if file.name != str(keep):
                file.unlink()
        if number and not keep:
            shutil.rmtree(self._file(level, number - 1, 1).parent, ignore_errors=True)

    def _read(self, level: int, number: int, width: int) -> list[bytes]:
        """Return at least the first `width` hashes of a tile."""
        data = b""
        for file in self._candidates(level, number):
            data = file.read_bytes()
            if len(data) >= width * _HASH:
                return [data[i : i + _HASH] for i in range(0, len(data), _HASH)]
        raise DamagedTile(f"the tile {self._file(level, number, WIDTH).relative_to(self._root)} is missing or cut")

    def _candidates(self, level: int, number: int) -> list[Path]:
        full, partials = self._file(level, number, WIDTH), self._file(level, number, 1).parent
        shorter = sorted(partials.glob("*"), key=lambda file: int(file.name)) if partials.is_dir() else []
        return [*([full] if full.exists() else []), *reversed(shorter)]

    def _file(self, level: int, number: int, width: int) -> Path:
        """Return the path of tlog-tiles: 1234067 is x001/x234/067."""
        digits = f"{number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        path = self._root / str(level) / "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return path if width == WIDTH else path.with_name(f"{path.name}.p") / str(width)

    @staticmethod
    def _write(file: Path, entries: Sequence[bytes]) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = file.with_name(f".{file.name}.partial")
        partial.write_bytes(b"".join(entries))
        os.replace(partial, file)
