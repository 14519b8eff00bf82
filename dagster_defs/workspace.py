"""Which study, which warehouse, which data: read from the environment once, so that the UI and the commands agree.

| variable | meaning | default |
|---|---|---|
| PERSONA_FIDELITY_STUDY | built-in study or path of a YAML file | demo |
| PERSONA_FIDELITY_WAREHOUSE | the DuckDB file, or a lake's catalogue | warehouse/<study>.duckdb |
| PERSONA_FIDELITY_LAKE_DATA | where a new lake keeps its Parquet files | |
| PERSONA_FIDELITY_WAIT | seconds to wait for another process that holds the file | 120 |
| PERSONA_FIDELITY_MEMORY | most memory that DuckDB takes, such as 4GB; what does not fit goes to disk | 80% of the machine's |
| PERSONA_FIDELITY_DATA | root of relative source paths | data |
| PERSONA_FIDELITY_LIMIT | largest size of any population | as the study says |
| DAGSTER_HOME | run history of the Dagster instance | warehouse/<study>.dagster, beside the warehouse |
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from python_assets.addresses import open_warehouse
from python_assets.lake import LAKE_DATA_VARIABLE, is_lake
from python_assets.lake.folder import absolute
from python_assets.study import Study
from python_assets.study.files import StudyError, data_roots, load_study, study_path
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.file_names import check_history, check_path_for_runs

PROJECT = Path(__file__).parent.parent


class InstallationError(Exception):
    """What is installed cannot run a study; the message says how to install it."""


@dataclass(frozen=True)
class Workspace:
    """A study and where its files are."""

    study: Study
    study_file: Path
    address: str
    roots: tuple[Path, ...]

    @property
    def warehouse(self) -> Warehouse:
        """The study's warehouse."""
        return open_warehouse(self.address)

    @property
    def report_path(self) -> Path:
        """Where the report goes: beside the file, or in warehouse/ for a lake."""
        return self.warehouse.beside("report.html")


def open_workspace(
    *,
    study: str | None = None,
    warehouse: str | None = None,
    lake_data: str | None = None,
    data_root: Path | None = None,
    limit: int | None = None,
) -> Workspace:
    """Arguments first, then the environment, then the defaults.

    Raises:
        InstallationError: The package was copied away from its SQL and studies.
        StudyError: The study cannot be read.
        WarehouseError: The address of a lake, or of its folder, cannot be right.
    """
    if not (PROJECT / "dbt_project" / "dbt_project.yml").is_file():
        raise InstallationError(
            f"{PROJECT} holds no SQL models and no studies: install from a clone, with `pip install -e .` in its folder."
        )
    name = study or os.environ.get("PERSONA_FIDELITY_STUDY") or "demo"
    limit = limit or limit_setting()
    loaded, file = load_study(name, limit=limit), study_path(name)
    chosen = warehouse or os.environ.get("PERSONA_FIDELITY_WAREHOUSE") or f"warehouse/{loaded.name}.duckdb"
    target = open_warehouse(chosen)
    if is_lake(chosen):
        address = target.address
    else:
        address = str(target.path.resolve())
        check_path_for_runs(Path(address))
    if lake_data and is_lake(chosen):
        os.environ[LAKE_DATA_VARIABLE] = absolute(lake_data)
    return Workspace(loaded, file.resolve(), address, tuple(data_roots(file.resolve(), data_root)))


def limit_setting() -> int | None:
    """Largest size of any population, from the environment.

    Raises:
        StudyError: PERSONA_FIDELITY_LIMIT is not a number of personas.
    """
    value = os.environ.get("PERSONA_FIDELITY_LIMIT") or "0"
    if not (value.isascii() and value.isdigit()):
        raise StudyError(f"PERSONA_FIDELITY_LIMIT is {value!r}: set it to a number of personas, such as 20.")
    return int(value) or None


def export(workspace: Workspace, *, study: str | None, data_root: Path | None, limit: int | None) -> None:
    """Put the choice into the environment, for dbt and for processes that Dagster starts.

    Raises:
        WarehouseError: The folder for Dagster's history cannot be written to, or Dagster cannot read its name.
    """
    os.environ["PERSONA_FIDELITY_WAREHOUSE"] = workspace.address
    workspace.warehouse.path.parent.mkdir(parents=True, exist_ok=True)
    for variable, value in {
        "PERSONA_FIDELITY_STUDY": study and (str(workspace.study_file) if study.endswith((".yml", ".yaml")) else study),
        "PERSONA_FIDELITY_DATA": data_root and data_root.expanduser().absolute(),
        "PERSONA_FIDELITY_LIMIT": limit,
    }.items():
        if value:
            os.environ[variable] = str(value)
    # A history of two warehouses would show the rows of one on the assets of the other, and start runs of one in the other.
    # Dagster takes no relative folder.
    home = Path(os.environ.get("DAGSTER_HOME") or workspace.warehouse.beside("dagster")).expanduser().resolve()
    check_history(home)
    os.environ["DAGSTER_HOME"] = str(home)
    settings = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Dagster takes an empty file, as a full disk may have left one, for its own defaults.
        if not settings.exists() or not settings.stat().st_size:
            _write_settings(settings)
    except OSError as error:
        raise WarehouseError(
            f"Dagster's history cannot be kept in {home} ({error.strerror}): see that the folder can be written to, or set DAGSTER_HOME "
            "to another one."
        ) from error


def _write_settings(file: Path) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.write_text((PROJECT / "dagster_defs" / "dagster.yaml").read_text())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def code_version() -> str:
    """The installed version, recorded with every result."""
    try:
        return version("persona-fidelity")
    except PackageNotFoundError:
        return "source"
