"""What dbt has read of the project: the manifest, which Dagster's assets come from, and what spares dbt's next call the reading.

The latter is good for one warehouse: dbt reads everything anew, several seconds, where its profile names another than before.
So it is kept for each, and a night of two studies reads nothing. The manifest is the same for all.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from dagster_defs.workspace import PROJECT
from python_assets.fingerprints import files_fingerprint

DBT_DIR = PROJECT / "dbt_project"
DBT = Path(sys.executable).with_name("dbt")
PARTIAL_PARSE = "partial_parse.msgpack"


class DbtManifestError(Exception):
    """dbt cannot parse the project, or not write what it has read."""


def ensure_manifest() -> Path:
    """The project's manifest, parsed anew only when a file of the project is new, changed or gone.

    Raises:
        DbtManifestError: dbt cannot parse the project, or there is no right to write what it has read.
    """
    manifest, parsed_for = DBT_DIR / "target" / "manifest.json", DBT_DIR / "target" / "parsed_for"
    folders = [PROJECT / "models", *(DBT_DIR / name for name in ("macros", "seeds", "data-tests"))]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [DBT_DIR / "dbt_project.yml", DBT_DIR / "profiles.yml"]
    # Not by which is newer: an unpacked release has files of long ago, and clocks are set.
    present = files_fingerprint(sorted(files))
    if not (manifest.exists() and parsed_for.exists() and parsed_for.read_text() == present):
        with _naming_rights(manifest.parent):
            manifest.parent.mkdir(exist_ok=True)
            folder = tempfile.TemporaryDirectory(dir=manifest.parent)
        # Parsed apart and moved into place: another process that starts at the same time never reads half a file.
        with folder as apart:
            folders_of_dbt = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR), "--target-path", apart]
            command = [str(DBT), "parse", "--quiet", *folders_of_dbt]
            # Ctrl-C is for this process, which ends dbt: dbt's own end by it would look like an error of the project.
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=DBT_DIR, process_group=0)
            if done.returncode:
                raise DbtManifestError(f"dbt cannot read the project: {(done.stdout + done.stderr).strip()[-600:]}")
            keep_parse(Path(apart))
            (Path(apart) / manifest.name).replace(manifest)
        parsed_for.write_text(present)
    return manifest


def new_target(run_id: str) -> Path:
    """A folder for the artifacts of one call of dbt, with what is kept for its warehouse.

    Raises:
        DbtManifestError: There is no right to write there.
    """
    target = DBT_DIR / "target" / f"dbt_models-{run_id[:7]}-{uuid.uuid4().hex[:7]}"
    with _naming_rights(target.parent):
        target.mkdir(parents=True)
    if _kept().exists():
        with contextlib.suppress(OSError):
            shutil.copy(_kept(), target / PARTIAL_PARSE)
    return target


def keep_parse(target: Path) -> None:
    """Keep what a call of dbt has read, for the next one with the same warehouse; where it cannot be kept, only time is lost."""
    if not (target / PARTIAL_PARSE).exists():
        return
    with contextlib.suppress(OSError):
        _kept().parent.mkdir(parents=True, exist_ok=True)
        # Beside it first, then under its name: another process may be copying it.
        beside = _kept().with_suffix(f".{uuid.uuid4().hex}")
        shutil.copy(target / PARTIAL_PARSE, beside)
        beside.replace(_kept())


@contextlib.contextmanager
def _naming_rights(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EROFS):
            raise
        raise DbtManifestError(
            f"{folder} cannot be written ({error.strerror}), and dbt works there: install from a clone of your own, or have the right "
            "to write there given to you."
        ) from error


def _kept() -> Path:
    warehouse = os.environ.get("PERSONA_FIDELITY_WAREHOUSE", "")
    return DBT_DIR / "target" / "parsed" / f"{hashlib.sha256(warehouse.encode()).hexdigest()[:16]}.msgpack"
