"""dbt's command line for Dagster, without what each call of it would spend on things that are not asked for here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import Any

from dagster_dbt import DbtCliResource
from packaging.version import Version


class DbtCli(DbtCliResource):
    """Spares a call of ``dbt --version`` and a handle to the warehouse, several seconds of every build.

    Both names are dagster-dbt's own: if it gives them up, these are not called, and only the time is lost.
    """

    @property
    def _cli_version(self) -> Version:
        # The executable is the one of this environment.
        return Version(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        # Only fetch_row_counts and fetch_column_metadata use it (table_metadata.py).
        return None
