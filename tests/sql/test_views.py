"""Views hold in a copy of the file, whatever that is called."""

from __future__ import annotations

import shutil
from pathlib import Path

from python_assets.warehouse import Warehouse
from tests.sql.conftest import Built


def test_views_can_be_read_in_a_renamed_copy(simulated: Built, tmp_path: Path) -> None:
    copy = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "a copy.duckdb"))
    names = "select schema_name || '.' || view_name from duckdb_views() where not internal order by all"
    views = [name for (name,) in copy.rows(names)]
    assert views == ["corpus.preference_pairs", "personas.grounding_profiles", "staging.stg_reviews"]
    for name in views:
        rows = f"select * from {name} order by all limit 100"
        assert copy.rows(rows) == simulated.warehouse.rows(rows) != []
