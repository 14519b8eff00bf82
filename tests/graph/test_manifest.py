"""dbt's manifest is made once, and by several processes at once without harm."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagster_defs.assets import dbt
from tests.conftest import PROJECT


def test_two_starts_at_once_never_read_half_a_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("models", "dbt_project"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(dbt, "PROJECT", tmp_path)
    monkeypatch.setattr(dbt, "DBT_DIR", tmp_path / "dbt_project")
    target = tmp_path / "dbt_project" / "target"
    with ThreadPoolExecutor(2) as pool:
        starts = [pool.submit(dbt.ensure_manifest) for _ in range(2)]
        while not all(start.done() for start in starts):
            if (target / "manifest.json").exists():
                assert json.loads((target / "manifest.json").read_text())["nodes"]
    assert {start.result() for start in starts} == {target / "manifest.json"}
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "parsed_for", "partial_parse.msgpack"]
    made = (target / "manifest.json").stat().st_mtime_ns
    assert dbt.ensure_manifest().stat().st_mtime_ns == made
