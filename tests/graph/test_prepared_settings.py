"""Later stages, a dry run and the UI use no settings but those that `prepare` has brought in."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import pytest

from dagster_defs import resources
from dagster_defs.assets import ingest
from dagster_defs.assets.dbt import prepared_parts
from dagster_defs.partitions import split_and_population, split_of
from dagster_defs.plan import plan
from dagster_defs.resources import WarehouseResource
from dagster_defs.run import run_study
from dagster_defs.stage_marks import LINKS
from dagster_defs.wiring import defs
from dagster_defs.workspace import Workspace
from python_assets.prepared import require_settings
from python_assets.warehouse.file_errors import WarehouseError
from tests.graph.conftest import Finished, Open, run_in_the_ui, run_sql, to_do


def test_later_stages_want_the_settings_that_sql_reads(opened: Open) -> None:
    workspace = opened(old="seed: 7", new="seed: 8")
    (*_, publish) = plan(workspace.study)
    with pytest.raises(
        WarehouseError,
        match=r"prepared with other settings than study small has now: `run` without `--from`, or the job `prepare`, brings",
    ):
        run_study([publish], workspace)
    with pytest.raises(WarehouseError, match=r"other settings, those of study small, than study other has now"):
        require_settings(workspace.warehouse, opened(old="name: small", new="name: other").study)
    require_settings(workspace.warehouse, opened().study)


def bring_in_settings(workspace: Workspace, patch: pytest.MonkeyPatch) -> WarehouseResource:
    """What `ingest` does first of all, by itself."""
    patch.setattr(ingest, "WORKSPACE", workspace)
    patch.setattr(resources, "WORKSPACE", workspace)
    warehouse = WarehouseResource(address=workspace.address)
    assert dg.materialize([ingest.study_settings], resources={"warehouse": warehouse}).success
    return warehouse


def test_later_stages_want_a_corpus_of_the_settings_that_ingest_alone_brought_in(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = opened(old="probes:", new="core: 6\nprobes:")
    warehouse = bring_in_settings(workspace, monkeypatch)
    (*_, publish) = plan(workspace.study)
    for refused in (lambda: run_study([publish], workspace), warehouse.prepared):
        with pytest.raises(
            WarehouseError, match=r"corpus and the probes in .* prepared with other settings than study"
        ):
            refused()
    assert warehouse.configured().address == workspace.address
    assert ("prepare", "") in to_do(workspace)
    # Who takes the change back has the corpus that is there.
    bring_in_settings(opened(), monkeypatch).prepared()
    assert to_do(opened()) == []


def test_the_parts_that_are_watched_are_all_that_dbt_makes_of_a_study() -> None:
    watched = set[dg.AssetKey]().union(*prepared_parts().values())
    by_dbt = {key for link in LINKS["prepare"] for key in link.keys if key.path[0] not in {"raw", "ml", "seeds"}}
    assert watched == by_dbt
    assert defs.resolve_job_def("prepare").asset_layer.executable_asset_keys >= watched


def test_a_dry_run_says_what_the_run_would_refuse(small_run: Finished) -> None:
    for more in ([], ["--dry-run"]):
        done = small_run.command("run", "--study", "small.yml", "--from", "evaluate", "--limit", "2", *more)
        assert done.returncode == 1
        assert "was prepared with other settings" in done.stderr


def test_later_stages_want_settings_of_this_code(opened: Open) -> None:
    workspace = opened()
    run_sql(workspace.warehouse, "update raw.instruments set seeds = null")
    (*_, publish) = plan(workspace.study)
    with pytest.raises(WarehouseError, match=r"brought in by older code: `run` without `--from`"):
        run_study([publish], workspace)


def test_the_ui_wants_the_settings_that_sql_reads(opened: Open) -> None:
    workspace = opened()
    personas = workspace.warehouse.rows("from ml.personas order by all")
    done = run_in_the_ui(workspace, limit=2)
    assert done.returncode
    assert "was prepared with other settings" in done.stdout
    assert "or the job `prepare`" in done.stdout
    assert workspace.warehouse.rows("from ml.personas order by all") == personas
    assert to_do(workspace) == []


@pytest.mark.parametrize(
    ("partition_of", "partition"),
    [
        (split_of, "Gone"),
        (split_and_population, dg.MultiPartitionKey({"split": "Gone", "population": "perfect_rater"})),
    ],
)
def test_a_split_that_left_the_study_and_that_an_open_ui_still_offers_is_named(
    partition_of: Callable[[dg.AssetExecutionContext], object], partition: str
) -> None:
    with pytest.raises(LookupError, match=r"Gone is no split of study .*reload the definitions"):
        partition_of(dg.build_asset_context(partition_key=partition))
