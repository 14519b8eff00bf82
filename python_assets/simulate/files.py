"""Files that appear only when all of them are complete."""

from __future__ import annotations

import gzip
import os
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from python_assets.simulate.settings import SimulationError

UNFINISHED = ".partial"


class PendingFiles:
    """Writes beside the final names and renames on success; a failure or an interrupt leaves no file.

    Args:
        folder: Root of the files; made when it is not there.
        overwrite: Write into a folder that already holds files; those of the same name are replaced.

    Raises:
        SimulationError: The folder holds files, or cannot be written (also while writing).
    """

    def __init__(self, folder: Path, *, overwrite: bool) -> None:
        self.folder = folder
        self._pending: dict[Path, Path] = {}
        self._open = ExitStack()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            occupied = any(path.is_file() and not path.name.endswith(UNFINISHED) for path in folder.rglob("*"))
        except OSError as error:
            raise SimulationError(f"{folder} cannot be used: {error.strerror}. Name another folder.") from error
        if occupied and not overwrite:
            raise SimulationError(
                f"{folder} is not empty: name another folder, or ask to overwrite its files (--overwrite)."
            )

    def gzip(self, name: str) -> gzip.GzipFile:
        """A gzip file for writing; its bytes depend on the content only, not on the time or the name."""
        raw = self._open.enter_context(self._temporary(name).open("wb"))
        return self._open.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6))

    def parquet(self, name: str, schema: pa.Schema) -> pq.ParquetWriter:
        """A Parquet file for writing."""
        return self._open.enter_context(closing(pq.ParquetWriter(self._temporary(name), schema)))

    def _temporary(self, name: str) -> Path:
        final = self.folder / name
        final.parent.mkdir(parents=True, exist_ok=True)
        self._pending[final] = final.with_name(f".{final.name}{UNFINISHED}")
        return self._pending[final]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._open.close()
            if kind is None:
                for final, temporary in self._pending.items():
                    os.replace(temporary, final)
        except OSError as problem:
            error = problem
        finally:
            for temporary in self._pending.values():
                temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise SimulationError(f"{self.folder} cannot be written: {error.strerror}. Name another folder.") from error
