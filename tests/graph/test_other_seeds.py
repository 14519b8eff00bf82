"""After a change of the study's seed nothing of the former one's space stands beside users of the present one's."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_defs import resources
from dagster_defs.assets import encoder
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import Workspace
from python_assets.measured import MEASURED, RETESTS, forget_measured_on
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Open, run_sql

COUNT = " union all ".join(f"select count(*) from {table} where instrument = '{{0}}'" for table in MEASURED)


def begin_to_encode(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The asset, which is killed at its first encoder."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(encoder, "WORKSPACE", workspace)
    monkeypatch.setattr(encoder, "keep_current", killed)
    monkeypatch.setattr(resources, "require_prepared", lambda *_: None)
    context = dg.build_asset_context(partition_key="Combined")
    with pytest.raises(KeyboardInterrupt):
        list(encoder.encoders(context, warehouse=WarehouseResource(address=workspace.address)))


def test_what_another_seed_measured_goes_before_encoders_are_trained(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = opened(old="seed: 7", new="seed: 8")
    begin_to_encode(workspace, monkeypatch)
    for instrument in ("paper", "scale_free"):
        assert set(workspace.warehouse.rows(COUNT.format(instrument))) == {(0,)}
    assert workspace.warehouse.rows("select count(*) > 0 from ml.persona_embeddings") == [(True,)]


def test_what_the_same_seed_measured_stays(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = opened()
    run_sql(workspace.warehouse, "update ml.population_scores set seed = 1 where instrument = 'scale_free'")
    before = workspace.warehouse.rows(COUNT.format("paper"))
    begin_to_encode(workspace, monkeypatch)
    assert workspace.warehouse.rows(COUNT.format("paper")) == before
    assert (0,) not in before
    assert set(workspace.warehouse.rows(COUNT.format("scale_free"))) == {(0,)}


def test_retests_of_a_split_go_also_where_nothing_else_is_left(copy: Warehouse) -> None:
    for table in MEASURED:
        if table != RETESTS:
            run_sql(copy, f"delete from {table}")
    assert copy.rows("select count(*) > 0 from ml.instrument_retests") == [(True,)]
    assert forget_measured_on(copy, "Combined")
    assert copy.rows("from ml.instrument_retests") == []
    assert not forget_measured_on(copy, "Combined")
