"""Preference pairs on disk, read back a buffer at a time: memory does not grow with their number.

The file has no name: it is gone when the process is, however that ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

# User, preferred item and other item, as 32-bit codes.
WIDTH = 3
ROW_BYTES = WIDTH * 4
# Pairs read at a time, and the unit in which a buffer is filled from all over the file.
BLOCK = 65_536


class PairFile:
    """Integer-coded pairs in the order they were appended.

    Args:
        folder: Where the nameless file lives; the system's temporary folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._rows = 0

    @classmethod
    def of(cls, users: np.ndarray, preferred: np.ndarray, other: np.ndarray) -> PairFile:
        """Pairs from three arrays of shape (pairs,)."""
        made = cls()
        made.append(np.stack([users, preferred, other], axis=1))
        return made

    def __len__(self) -> int:
        return self._rows

    def append(self, rows: np.ndarray) -> None:
        """Add pairs, shape (pairs, 3)."""
        self._file.write(np.ascontiguousarray(rows, dtype=np.int32).data)
        self._rows += len(rows)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Pairs ``start`` to ``stop``, shape (at most stop - start, 3), int32."""
        self._file.flush()
        data = os.pread(self._file.fileno(), (stop - start) * ROW_BYTES, start * ROW_BYTES)
        return np.frombuffer(data, dtype=np.int32).reshape(-1, WIDTH)

    def blocks(self, size: int = BLOCK) -> Iterator[np.ndarray]:
        """All pairs in order, ``size`` at a time."""
        for start in range(0, self._rows, size):
            yield self.read(start, start + size)

    def batches(self, size: int, *, seed: int, buffer: int) -> Iterator[np.ndarray]:
        """All pairs once, in random order, ``size`` at a time.

        Blocks of the file are drawn without replacement into a buffer and mixed there. A file that fits the buffer
        gets one uniform permutation; a larger one is already in hash order (``data.PAIRS``), so that a block is a
        random sample and mixing within the buffer is enough.

        Args:
            size: Pairs a batch; the last one may be smaller.
            seed: Seed of the order.
            buffer: Pairs held in memory.
        """
        rng = np.random.default_rng(seed)
        order = rng.permutation(-(-self._rows // BLOCK))
        rest = np.empty((0, WIDTH), dtype=np.int32)
        for group in np.split(order, range(max(1, buffer // BLOCK), len(order), max(1, buffer // BLOCK))):
            mixed = np.concatenate([rest, *(self.read(block * BLOCK, (block + 1) * BLOCK) for block in group)])
            rng.shuffle(mixed)
            whole = len(mixed) // size * size
            yield from np.split(mixed[:whole], range(size, whole, size)) if whole else ()
            rest = mixed[whole:]
        if len(rest):
            yield rest
