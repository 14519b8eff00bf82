"""Personas and their answers: written and rated by an LLM, or by a control that needs none."""

from functools import partial

import dagster as dg

from dagster_defs.assets.imports import IMPORTS
from dagster_defs.assets.metadata import preview
from dagster_defs.partitions import MODEL_POOL, POPULATIONS, WORKSPACE, split_and_population
from dagster_defs.resources import ChatModels, WarehouseResource
from dagster_defs.workspace import code_version
from python_assets.encoder.store import score_seed_users
from python_assets.measured import forget_scores_of_other_settings
from python_assets.personas.population import write_population
from python_assets.personas.replace import replace_personas
from python_assets.probe_items import read_probes
from python_assets.raters.population import rate_as_control, rate_population, take_imported_ratings
from python_assets.stages import forget_population
from python_assets.study import IMPORTED

PERSONAS, RATINGS = dg.AssetKey(["ml", "personas"]), dg.AssetKey(["ml", "ratings"])


@dg.asset(
    key=PERSONAS,
    group_name="llm",
    kinds={"python", "llm"},
    deps=[
        *IMPORTS,
        *(dg.AssetKey(["personas", name]) for name in ("seed_users", "grounding_profiles", "demographic_marginals")),
    ],
    partitions_def=POPULATIONS,
    pool=MODEL_POOL,
)
def personas(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, chat_models: ChatModels
) -> dg.MaterializeResult:
    """Persona texts in the paper's three conditions (section 3.2); controls get a seed user and no text."""
    (split, name), study, target = split_and_population(context), WORKSPACE.study, warehouse.prepared()
    settings = study.population(name)
    forget_population(target, split, name)
    forget_scores_of_other_settings(target, split=split, population=name, config_hash=settings.config_hash())
    model = chat_models.get(settings.rater) if settings.is_written_here else None
    rows = write_population(
        target, study, settings, model, split=split, code_version=code_version(), log=context.log.info
    )
    replace_personas(target, rows, split=split, population=name)
    if rows.num_rows < settings.size:
        found = "imported" if settings.condition == IMPORTED else "found: no more seed users"
        context.log.warning("%s of %s: %d personas wanted, %d %s", name, split, settings.size, rows.num_rows, found)
    return dg.MaterializeResult(metadata={"personas": rows.num_rows, "wanted": settings.size, "preview": preview(rows)})


@dg.asset(
    key=RATINGS,
    group_name="llm",
    kinds={"python", "llm"},
    deps=[PERSONAS, *IMPORTS, dg.AssetKey(["probes", "probe_items"]), dg.AssetKey(["ml", "encoder_runs"])],
    partitions_def=POPULATIONS,
    pool=MODEL_POOL,
)
def ratings(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, chat_models: ChatModels
) -> dg.MaterializeResult:
    """Every persona's answer to every probe, 1 to 5 (section 3.3); answered requests are never asked again."""
    (split, name), study, target = split_and_population(context), WORKSPACE.study, warehouse.prepared()
    settings, probes = study.population(name), read_probes(target, split)
    forget_population(target, split, name)
    made_by = {"split": split, "code_version": code_version()}
    if settings.rater.is_control:
        scores = partial(score_seed_users, target, study, probes.vectors, split=split)
        rows = rate_as_control(target, study, settings, probes, scores, **made_by)
    elif settings.rater.backend == IMPORTED:
        rows = take_imported_ratings(target, study, settings, **made_by)
    else:
        model = chat_models.get(settings.rater)
        rows = rate_population(target, study, settings, model, probes, **made_by, log=context.log.info)
    target.replace_slice("ml.ratings", rows, where={"split": split, "population": name})
    usable = sum(status == "ok" for status in rows["status"].to_pylist())
    return dg.MaterializeResult(metadata={"answers": rows.num_rows, "usable": usable, "preview": preview(rows)})
