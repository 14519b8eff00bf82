"""What Dagster would start by itself once its automation is switched on."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_defs.definitions import defs
from dagster_defs.jobs import BY_POPULATION, BY_SPLIT, RESULTS
from dagster_defs.partitions import POPULATIONS


@pytest.fixture
def instance() -> dg.DagsterInstance:
    """A history in which `prepare` has run once."""
    made = dg.DagsterInstance.ephemeral()
    for key in keys(dg.AssetSelection.all() - BY_SPLIT - BY_POPULATION - RESULTS):
        made.report_runless_asset_event(dg.AssetMaterialization(key))
    return made


def keys(selection: dg.AssetSelection) -> set[dg.AssetKey]:
    """The assets of a selection."""
    return selection.resolve(defs.resolve_asset_graph())


def requested(result: dg.EvaluateAutomationConditionsResult) -> set[str]:
    """Assets of which a partition would be made."""
    return {key.to_user_string() for key in keys(dg.AssetSelection.all()) if result.get_num_requested(key)}


def test_everything_after_prepare_follows_and_prepare_does_not() -> None:
    automatic = {spec.key for spec in defs.resolve_all_asset_specs() if spec.automation_condition}
    assert automatic == keys(BY_SPLIT | BY_POPULATION | RESULTS)


def test_a_new_corpus_starts_encoders_and_personas_and_nothing_before_them(instance: dg.DagsterInstance) -> None:
    before = dg.evaluate_automation_conditions(defs, instance)
    instance.report_runless_asset_event(dg.AssetMaterialization(["corpus", "preference_pairs"]))
    instance.report_runless_asset_event(dg.AssetMaterialization(["personas", "grounding_profiles"]))
    after = dg.evaluate_automation_conditions(defs, instance, cursor=before.cursor)
    assert {"ml/encoder_runs", "ml/personas"} <= requested(after)
    assert not {name for name in requested(after) if not name.startswith(("ml/", "results/", "report/"))}


def test_an_import_starts_its_own_population_only(instance: dg.DagsterInstance) -> None:
    first = dg.evaluate_automation_conditions(defs, instance)
    population = POPULATIONS.get_first_partition_key()
    instance.report_runless_asset_event(dg.AssetMaterialization(["raw", "imported_personas"], partition=population))
    after = dg.evaluate_automation_conditions(defs, instance, cursor=first.cursor)
    assert after.get_requested_partitions(dg.AssetKey(["ml", "personas"])) == {population}
    assert requested(after) <= {"ml/personas", "ml/ratings"}


def test_nothing_new_starts_nothing(instance: dg.DagsterInstance) -> None:
    first = dg.evaluate_automation_conditions(defs, instance)
    assert requested(dg.evaluate_automation_conditions(defs, instance, cursor=first.cursor)) == set()


def test_all_of_it_is_off_until_somebody_switches_it_on() -> None:
    sensors = {sensor.name: sensor.default_status for sensor in defs.get_repository_def().sensor_defs}
    assert sensors == dict.fromkeys(
        ("default_automation_condition_sensor", "source_file_sensor"), dg.DefaultSensorStatus.STOPPED
    )
