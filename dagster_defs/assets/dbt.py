"""The dbt project as assets; Dagster splits it around the Python assets that stand between its models."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from dagster_defs.assets.check_words import data_test_in_words
from dagster_defs.corpus_warnings import heavy_user_warnings, lost_probe_warnings
from dagster_defs.dbt_cli import DbtCli, remove_old_artifacts
from dagster_defs.dbt_parse import DBT_DIR, ensure_manifest, keep_parse, new_target
from dagster_defs.partitions import WAREHOUSE_POOL, WORKSPACE
from dagster_defs.resources import WarehouseResource
from dagster_defs.table_metadata import with_table_metadata
from python_assets.fingerprints import raw_fingerprint
from python_assets.prepared import MADE_CORPUS, MADE_PROBES, making
from python_assets.stages import CORPUS, Stage, forget_results, mark


class Translator(DagsterDbtTranslator):
    """Asset keys and groups follow the warehouse's schemas."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """[schema, name] for models and seeds; sources carry their own key."""
        if dbt_resource_props["resource_type"] in {"model", "seed"}:
            return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])
        return super().get_asset_key(dbt_resource_props)

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Seeds wait for the files like the first models do, so that one dbt invocation builds them together.

        Tables have the names by which queries ask for them: the manifest may be of another warehouse.
        """
        spec = super().get_asset_spec(manifest, unique_id, project)
        spec = spec.merge_attributes(metadata={"dagster/table_name": ".".join(spec.key.path)})
        if unique_id.startswith("seed."):
            return spec.merge_attributes(deps=[dg.AssetKey(["raw", "reviews"])])
        return spec

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """With what the data test asks for, in words."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=data_test_in_words(manifest["nodes"][unique_id]))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema."""
        return str(dbt_resource_props["schema"])


def whole_corpus() -> set[dg.AssetKey]:
    """What dbt makes of files and settings alone, before Python comes in."""
    return {key for key in dbt_models.keys if key.path[0] in {"staging", "corpus", "personas"}}


def prepared_parts() -> dict[Stage, set[dg.AssetKey]]:
    """What dbt makes of a study's settings before Python comes in, and the probes that it chooses after that."""
    bands, *probes = (dg.AssetKey(["probes", name]) for name in ("item_bands", "probe_items", "probe_sets"))
    return {MADE_CORPUS: whole_corpus() | {bands}, MADE_PROBES: set(probes)}


WARNINGS = {
    dg.AssetKey(["corpus", "heavy_users"]): heavy_user_warnings,
    dg.AssetKey(["probes", "probe_sets"]): lost_probe_warnings,
}


@dbt_assets(
    manifest=ensure_manifest(),
    project=DbtProject(project_dir=DBT_DIR, profiles_dir=DBT_DIR),
    dagster_dbt_translator=Translator(),
    pool=WAREHOUSE_POOL,
)
def dbt_models(context: dg.AssetExecutionContext, dbt: DbtCli, warehouse: WarehouseResource) -> Iterator[Any]:
    """Build models with their data tests as checks; unit tests belong to the test suite."""
    remove_old_artifacts(DBT_DIR / "target")
    command = ["build", "--exclude-resource-type", "unit_test"]
    selected = context.selected_asset_keys
    publishes = any(key.path[0] == "results" for key in selected)
    target = warehouse.prepared() if publishes else warehouse.configured()
    if publishes:
        forget_results(target)
    parts = prepared_parts()
    touched = [part for part, keys in parts.items() if keys & selected]
    whole = [part for part in touched if parts[part] <= selected]
    # Taken beforehand: what is ingested while dbt runs, it may have missed.
    made_of = raw_fingerprint(target)
    artifacts = new_target(context.run.run_id)
    with making(target, WORKSPACE.study, touched=touched, whole=whole):
        try:
            yield from with_table_metadata(dbt.cli(command, context=context, target_path=artifacts).stream(), target)
        finally:
            keep_parse(artifacts)
    if whole_corpus() <= selected:
        mark(target, CORPUS, made_of)
    for model, warnings in WARNINGS.items():
        if model in selected:
            for warning in warnings(target):
                context.log.warning(warning)
