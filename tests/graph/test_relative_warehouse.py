"""`dagster dev` without our command: Dagster and dbt, which stands in another folder, work on one warehouse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.graph.conftest import own_environment

ASK = """
import os
from dagster_defs.definitions import defs
print(defs.resources["warehouse"].address, os.environ["PERSONA_FIDELITY_WAREHOUSE"])
"""


def test_dbt_is_told_of_the_warehouse_by_its_whole_path(tmp_path: Path) -> None:
    environment = own_environment(tmp_path) | {"PERSONA_FIDELITY_WAREHOUSE": "mine/w.duckdb"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == [str(tmp_path / "mine" / "w.duckdb")] * 2
