"""The dbt project as assets; Dagster splits it around the Python assets that stand between its models."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from dagster_defs.corpus_warnings import heavy_user_warnings, lost_probe_warnings
from dagster_defs.dbt_cli import DbtCli, remove_old_artifacts
from dagster_defs.partitions import WAREHOUSE_POOL
from dagster_defs.resources import WarehouseResource
from dagster_defs.table_metadata import with_table_metadata
from dagster_defs.workspace import PROJECT
from python_assets.stages import CORPUS, forget_results, mark, raw_fingerprint
from python_assets.warehouse.turn import Work

DBT_DIR = PROJECT / "dbt_project"
DBT = Path(sys.executable).with_name("dbt")


class DbtManifestError(Exception):
    """dbt cannot parse the project."""


def ensure_manifest() -> Path:
    """The project's manifest, parsed anew only when a file of the project changed."""
    manifest, parsed_for = DBT_DIR / "target" / "manifest.json", DBT_DIR / "target" / "parsed_for"
    folders = [PROJECT / "models", *(DBT_DIR / name for name in ("macros", "seeds", "data-tests"))]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [DBT_DIR / "dbt_project.yml", DBT_DIR / "profiles.yml"]
    newest = max(path.stat().st_mtime for path in files)
    # dbt parses everything anew, at every call, when its profile names another file than at the last parse.
    warehouse = os.environ.get("PERSONA_FIDELITY_WAREHOUSE", "")
    same = parsed_for.exists() and parsed_for.read_text() == warehouse
    if not same or not manifest.exists() or manifest.stat().st_mtime < newest:
        manifest.parent.mkdir(exist_ok=True)
        # Parsed apart and moved into place: another process that starts at the same time never reads half a file.
        with tempfile.TemporaryDirectory(dir=manifest.parent) as apart:
            folders_of_dbt = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR), "--target-path", apart]
            command = [str(DBT), "parse", "--quiet", *folders_of_dbt]
            # Ctrl-C is for this process, which ends dbt: dbt's own end by it would look like an error of the project.
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=DBT_DIR, process_group=0)
            if done.returncode:
                raise DbtManifestError(f"dbt cannot read the project: {(done.stdout + done.stderr).strip()[-600:]}")
            for parsed in ("partial_parse.msgpack", "manifest.json"):
                (Path(apart) / parsed).replace(manifest.with_name(parsed))
        parsed_for.write_text(warehouse)
    return manifest


class Translator(DagsterDbtTranslator):
    """Asset keys and groups follow the warehouse's schemas."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """[schema, name] for models and seeds; sources carry their own key."""
        if dbt_resource_props["resource_type"] in {"model", "seed"}:
            return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])
        return super().get_asset_key(dbt_resource_props)

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Seeds wait for the files like the first models do, so that one dbt invocation builds them together."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.startswith("seed."):
            return spec.merge_attributes(deps=[dg.AssetKey(["raw", "reviews"])])
        return spec

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema."""
        return str(dbt_resource_props["schema"])


def whole_corpus() -> set[dg.AssetKey]:
    """What dbt makes of files and settings alone, before Python comes in."""
    return {key for key in dbt_models.keys if key.path[0] in {"staging", "corpus", "personas"}}


MANIFEST = ensure_manifest()
WARNINGS = {
    dg.AssetKey(["corpus", "heavy_users"]): heavy_user_warnings,
    dg.AssetKey(["probes", "probe_sets"]): lost_probe_warnings,
}


@dbt_assets(
    manifest=MANIFEST,
    project=DbtProject(project_dir=DBT_DIR, profiles_dir=DBT_DIR),
    dagster_dbt_translator=Translator(),
    pool=WAREHOUSE_POOL,
)
def dbt_models(context: dg.AssetExecutionContext, dbt: DbtCli, warehouse: WarehouseResource) -> Iterator[Any]:
    """Build models with their data tests as checks; unit tests belong to the test suite."""
    remove_old_artifacts(DBT_DIR / "target")
    command = ["build", "--exclude-resource-type", "unit_test"]
    target = warehouse.prepared()
    if any(key.path[0] == "results" for key in context.selected_asset_keys):
        forget_results(target)
    # Taken beforehand: what is ingested while dbt runs, it may have missed.
    made_of = raw_fingerprint(target)
    with target.alone(Work.MODELS):
        yield from with_table_metadata(dbt.cli(command, context=context).stream(), target)
    if whole_corpus() <= context.selected_asset_keys:
        mark(target, CORPUS, made_of)
    for model, warnings in WARNINGS.items():
        if model in context.selected_asset_keys:
            for warning in warnings(target):
                context.log.warning(warning)
