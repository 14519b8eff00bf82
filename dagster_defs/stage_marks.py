"""Runs of the UI say which stages they have finished, as `run` does of its steps, so that it leaves them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import dagster as dg
from pydantic import PrivateAttr

from dagster_defs.assets.dbt import dbt_models
from dagster_defs.assets.encoder import encoders
from dagster_defs.assets.ingest import ingest, study_settings
from dagster_defs.assets.personas import personas, ratings
from dagster_defs.assets.report import fidelity_report
from dagster_defs.assets.scores import persona_embeddings, population_scores, references
from dagster_defs.assets.text import item_clusters, item_embeddings
from dagster_defs.partitions import WORKSPACE
from dagster_defs.processes import PROCESS_TAG
from dagster_defs.resources import WarehouseResource
from dagster_defs.run_state import CANNOT_LOOK, Fingerprint, RunState, Step
from python_assets.processes import this_process
from python_assets.stages import mark

Partition = dg.MultiPartitionKey | str | None
BEGAN = ".dagster/persona_fidelity_began_"
"""Run tags with the fingerprints of what the run was about to make, each under the name of a job or of ``PERSONAS``."""
BACKFILL = "dagster/backfill"
PERSONAS = "personas"


class Link(NamedTuple):
    """What one run makes of a stage."""

    keys: frozenset[dg.AssetKey]
    name: str
    """Of the fingerprint that counts."""


def _link(name: str, *assets: dg.AssetsDefinition) -> Link:
    return Link(frozenset(key for asset in assets for key in asset.keys), name)


RESULT_KEYS = frozenset(key for key in dbt_models.keys if key.path[0] == "results")
PREPARED = _link("prepare", study_settings, ingest, dbt_models, item_embeddings, item_clusters)
LINKS = {
    "prepare": (PREPARED._replace(keys=PREPARED.keys - RESULT_KEYS),),
    "encode": (_link("encode", encoders), _link("encode", references)),
    "evaluate": (
        # A backfill of all assets writes personas while the encoder, which they do not need, is still trained.
        _link(PERSONAS, personas),
        *(_link("evaluate", asset) for asset in (ratings, persona_embeddings, population_scores)),
    ),
    "publish": (Link(RESULT_KEYS, "publish"), _link("publish", fidelity_report)),
}
"""A stage is finished when its links were made one after the other and nothing that they are made of changed meanwhile."""


class MarkingWarehouse(WarehouseResource):
    """The warehouse of a run; when the run ends, the stages that are finished with it are marked so."""

    _begun: dict[Step, dict[str, Fingerprint]] = PrivateAttr(default_factory=dict)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Take fingerprints beforehand: what changes while the run goes on makes its stages due."""
        super().setup_for_execution(context)
        run, instance = context.run, context.instance
        # A process that has made its run itself is the command line's, which marks its own steps.
        if run is None or instance is None or run.tags.get(PROCESS_TAG) == this_process():
            return
        self._begun = dict(_begun(run))
        tags = {BEGAN + name: str(value) for begun in self._begun.values() for name, value in begun.items()}
        instance.add_run_tags(run.run_id, tags)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Mark what has been made as a whole, by this run or by it and the others of a backfill."""
        run, instance = context.run, context.instance
        if run is None or instance is None or not self._begun:
            return
        state = RunState(WORKSPACE)
        for step, values in self._begun.items():
            try:
                begun = {name: state.with_fetched_model(step, value) for name, value in values.items()}
                # The other runs of a backfill began with the model that this one has fetched.
                instance.add_run_tags(run.run_id, {BEGAN + name: str(value) for name, value in begun.items()})
                if _is_finished(instance, run, step, begun):
                    mark(self.open(), step.stage, str(begun[step.job]))
            except CANNOT_LOOK as error:
                if context.log is not None:
                    context.log.warning("`run` will do %s once more: %s", step.label, error)


def _begun(run: dg.DagsterRun) -> Iterator[tuple[Step, dict[str, Fingerprint]]]:
    """Each stage of which the run makes a part, with its fingerprints."""
    state, partition = RunState(WORKSPACE), _partition(run)
    for job, links in LINKS.items():
        keys = frozenset[dg.AssetKey]().union(*(link.keys for link in links))
        # A job as a whole selects nothing.
        if not (keys & run.asset_selection if run.asset_selection else run.job_name == job):
            continue
        step = Step(job, partition, f"{job} of {partition}" if partition else job)
        try:
            begun = {job: state.fingerprint(step)}
            if job == "evaluate":
                begun[PERSONAS] = state.personas_fingerprint(step)
        except (*CANNOT_LOOK, LookupError):
            # The assets themselves say what is wrong, of a split that left the study, too; without a mark a stage is due.
            continue
        yield step, begun


def _partition(run: dg.DagsterRun) -> Partition:
    key = run.tags.get("dagster/partition")
    names = {name: run.tags.get(f"dagster/partition/{name}") for name in ("split", "population")}
    return dg.MultiPartitionKey({name: str(value) for name, value in names.items()}) if all(names.values()) else key


def _is_finished(instance: dg.DagsterInstance, run: dg.DagsterRun, step: Step, begun: dict[str, Fingerprint]) -> bool:
    """Whether all of a stage was last made by this run, or it and others of its backfill, which began with these fingerprints.

    Each link was made after the one before. What other histories than this instance's did long ago, it does not know.
    """
    made_until = 0.0
    for keys, name in LINKS[step.job]:
        made = [_last_made(instance, key, step.partition) for key in keys]
        runs = {event.run_id for event in made if event is not None}
        if len(runs) != 1 or None in made:
            return False
        times = [event.timestamp for event in made if event is not None]
        other = instance.get_run_by_id(runs.pop())
        if other is None or min(times) < made_until:
            return False
        if not Fingerprint.parse(other.tags.get(BEGAN + name, "")).same(begun[name]):
            return False
        if other.run_id != run.run_id and (BACKFILL not in run.tags or other.tags.get(BACKFILL) != run.tags[BACKFILL]):
            return False
        made_until = max(times)
    return True


def _last_made(instance: dg.DagsterInstance, key: dg.AssetKey, partition: Partition) -> dg.EventLogRecord | None:
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None)
    return next(iter(instance.fetch_materializations(wanted, limit=1).records), None)
