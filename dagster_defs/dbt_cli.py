"""dbt's command line for Dagster, without what each call of it would spend on things that are not asked for here."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version

from dagster_defs.parent_watch import name_parent

ARTIFACTS_KEPT_SECONDS = 2 * 86_400
"""No call of dbt takes that long, and who looks into its log does so sooner."""


class DbtCli(DbtCliResource):
    """Spares a call of ``dbt --version`` and a handle to the warehouse, several seconds of every build.

    Both names are dagster-dbt's own: if it gives them up, these are not called, and only the time is lost.
    """

    def cli(self, args: Sequence[str], **options: Any) -> DbtCliInvocation:
        """Like dagster-dbt's, but dbt ends with this process."""
        name_parent()
        return super().cli(args, **options)

    @property
    def _cli_version(self) -> Version:
        # The executable is the one of this environment.
        return Version(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        # Only fetch_row_counts and fetch_column_metadata use it (table_metadata.py).
        return None


def remove_old_artifacts(target: Path) -> None:
    """Each call of dbt has a folder of its own, 5 MB with its log, and each warehouse its parse; nothing else removes them."""
    before = time.time() - ARTIFACTS_KEPT_SECONDS
    for path in (*target.glob("dbt_models*-*"), *target.glob("parsed/*")):
        try:
            if path.stat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError:
            # Another run removes it at the same time, or it belongs to somebody else: no reason to fail.
            continue
