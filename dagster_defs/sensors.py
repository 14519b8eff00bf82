"""Watch the study's source files and settings, and bring what follows from them up to date when they changed."""

import json
import math
import time

import dagster as dg

from dagster_defs.jobs import prepare
from dagster_defs.plan import plan, unchanged_steps
from dagster_defs.processes import UNDER_WAY, held_up_by, release_killed_runs
from dagster_defs.refresh import refresh
from dagster_defs.run_state import CANNOT_LOOK, RunState, has_report
from dagster_defs.workspace import PROJECT, Workspace, open_workspace
from python_assets.fingerprints import code_fingerprint, digest, files_fingerprint
from python_assets.ingest import source_files
from python_assets.raters.model_state import model_looks
from python_assets.stages import finished_stages

PREPARE, REFRESH = "source_file_sensor", "refresh_sensor"
SECONDS_BETWEEN_LOOKS = 60
SECONDS_BETWEEN_TRIES = 600
"""From the end of a run that failed or was cancelled until another one is started for the same cause."""
CUT_OFF = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
"""How a run ends that has not done its work; who cancels one for good switches the sensor off."""
IN_LINE = [dg.DagsterRunStatus.QUEUED, *UNDER_WAY]


def fingerprint(workspace: Workspace) -> str:
    """Sixteen hex digits that change with the path, size or times of any source file; no file is opened.

    Raises:
        IngestError: A source has no file.
    """
    return files_fingerprint(file.path for file in source_files(workspace.study.sources, roots=workspace.roots))


def seconds_since_failure(instance: dg.DagsterInstance, sensor: str) -> float | None:
    """How long ago the sensor's last run failed or was cancelled; None if it was not."""
    records = instance.get_run_records(dg.RunsFilter(tags={"dagster/sensor_name": sensor}), limit=1)
    if not records or records[0].dagster_run.status not in CUT_OFF:
        return None
    ago = time.time() - (records[0].end_time or records[0].update_timestamp.timestamp())
    # A clock that was set back by a day would have nothing tried for a day.
    return ago if ago > -SECONDS_BETWEEN_TRIES else math.inf


@dg.sensor(
    name=PREPARE,
    job=prepare,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts the job prepare when a source file is new, changed or gone, and again ten minutes after it failed or was cancelled. "
    "Off until it is switched on; not needed where refresh_sensor is on.",
)
def source_file_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """A change starts a run once two looks in a row found the same: a file that still grows is left alone."""
    cursor = json.loads(context.cursor or "{}")
    try:
        workspace = open_workspace()
        seen = fingerprint(workspace)
        if seen == cursor.get("started"):
            failed = seconds_since_failure(context.instance, PREPARE)
            if failed is not None and failed >= SECONDS_BETWEEN_TRIES:
                return dg.SensorResult([dg.RunRequest()])
            return dg.SkipReason("No source file changed.")
        if seen != cursor.get("seen"):
            context.update_cursor(json.dumps(cursor | {"seen": seen}))
            return dg.SkipReason("Source files changed: waiting for one look without a change.")
        settled = json.dumps({"seen": seen, "started": seen})
        (step,) = plan(workspace.study, until="prepare")
        if RunState(workspace).is_done(step):
            context.update_cursor(settled)
            return dg.SkipReason("A run has taken in all source files.")
        return dg.SensorResult([dg.RunRequest()], cursor=settled)
    except CANNOT_LOOK as error:
        return dg.SkipReason(str(error))


@dg.sensor(
    name=REFRESH,
    job_name=refresh.name,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts the job refresh when a source file, an import, the study's settings, a local model or the code changed, or a step "
    "is due for another reason, and again ten minutes after it failed or was cancelled. Off until it is switched on.",
)
def refresh_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Whole steps in the order of `run`: result tables follow when every population has its scores, never before."""
    release_killed_runs(context.instance)
    if context.instance.get_run_records(dg.RunsFilter(statuses=IN_LINE), limit=1):
        return dg.SkipReason(" ".join(["A run is under way.", *held_up_by(context.instance)]))
    failed = seconds_since_failure(context.instance, REFRESH)
    cursor = json.loads(context.cursor or "{}")
    try:
        workspace = open_workspace()
        stages = finished_stages(workspace.warehouse)
        given = inputs(workspace, has_run=bool(stages))
        # Changes when a step may have become due; cheap, as the contents of the corpus are not looked at.
        prepared = workspace.warehouse.rows("select config_hash from raw.study") if stages else []
        seen = digest(given, sorted(stages.items()), prepared, bool(stages) and has_report(workspace))
        if failed is not None and failed < SECONDS_BETWEEN_TRIES and given == cursor.get("tried", given):
            return dg.SkipReason(
                "The last refresh failed or was cancelled: it is tried again ten minutes later, or when its inputs change."
            )
        if seen == cursor.get("done"):
            return dg.SkipReason("Nothing changed.")
        if seen != cursor.get("seen"):
            context.update_cursor(json.dumps(cursor | {"seen": seen}))
            return dg.SkipReason("Something changed: waiting for one look without a change.")
        steps = plan(workspace.study)
        # A run has the time to read a model's weights, and notes what it finds; a look is cut off after a minute or two.
        if len(unchanged_steps(steps, workspace, reads_weights=False)) < len(steps):
            return dg.SensorResult([dg.RunRequest()], cursor=json.dumps({"seen": seen, "tried": given}))
    except CANNOT_LOOK as error:
        return dg.SkipReason(str(error))
    context.update_cursor(json.dumps({"seen": seen, "done": seen}))
    return dg.SkipReason("Everything is up to date.")


def inputs(workspace: Workspace, *, has_run: bool) -> str:
    """Changes with what a run is given; what a run has done is no part of it."""
    imports = workspace.warehouse.rows("from raw.imports order by all") if has_run else []
    # The settings' hash is of a set of splits; the report shows them in their order.
    settings = workspace.study.config_hash(), list(workspace.study.splits)
    models = [model_looks(population.rater) for population in workspace.study.populations]
    return digest(fingerprint(workspace), settings, imports, models, code_fingerprint(PROJECT))
