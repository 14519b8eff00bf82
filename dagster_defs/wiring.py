"""All assets, checks, jobs, sensors and resources of the study."""

from __future__ import annotations

import os

import dagster as dg

from dagster_defs.partitions import WORKSPACE

# dbt's profile reads it, from another folder than this; set before dbt is asked for anything.
os.environ["PERSONA_FIDELITY_WAREHOUSE"] = WORKSPACE.address

from dagster_defs.assets.dbt import dbt_models
from dagster_defs.assets.encoder import encoders
from dagster_defs.assets.imports import IMPORTS
from dagster_defs.assets.ingest import ingest, study_settings
from dagster_defs.assets.personas import personas, ratings
from dagster_defs.assets.report import fidelity_report
from dagster_defs.assets.scores import persona_embeddings, population_scores, references
from dagster_defs.assets.text import item_clusters, item_embeddings
from dagster_defs.checks import CHECKS
from dagster_defs.dbt_cli import DbtCli
from dagster_defs.dbt_parse import DBT, DBT_DIR
from dagster_defs.jobs import JOBS
from dagster_defs.progress import progress_logger
from dagster_defs.refresh import refresh
from dagster_defs.resources import ChatModels
from dagster_defs.sensors import refresh_sensor, source_file_sensor
from dagster_defs.source_columns import with_columns
from dagster_defs.stage_marks import MarkingWarehouse

defs = dg.Definitions(
    assets=[
        *dg.map_asset_specs(
            with_columns,
            [
                study_settings,
                ingest,
                *IMPORTS,
                item_embeddings,
                item_clusters,
                encoders,
                references,
                personas,
                ratings,
                persona_embeddings,
                population_scores,
            ],
        ),
        dbt_models,
        fidelity_report,
    ],
    asset_checks=CHECKS,
    jobs=[*JOBS, refresh],
    sensors=[source_file_sensor, refresh_sensor],
    resources={
        "warehouse": MarkingWarehouse(address=WORKSPACE.address),
        "dbt": DbtCli(project_dir=str(DBT_DIR), profiles_dir=str(DBT_DIR), dbt_executable=str(DBT)),
        "chat_models": ChatModels(),
    },
    loggers={"progress": progress_logger},
    # One process a run: importing dagster and torch anew for every step costs more than most steps.
    executor=dg.in_process_executor,
)
