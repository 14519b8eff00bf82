"""Watch the study's source files, and prepare the corpus anew when they changed."""

import json
import time

import dagster as dg

from dagster_defs.jobs import prepare
from dagster_defs.partitions import WORKSPACE
from python_assets.ingest import IngestError, source_files
from python_assets.stages import files_fingerprint

NAME = "source_file_sensor"
SECONDS_BETWEEN_LOOKS = 60
SECONDS_BETWEEN_TRIES = 600
"""From the end of a run that failed until another one is started for the same files."""


def fingerprint() -> str:
    """Sixteen hex digits that change with the path, size or time of any source file; no file is opened.

    Raises:
        IngestError: A source has no file.
    """
    return files_fingerprint(file.path for file in source_files(WORKSPACE.study.sources, roots=WORKSPACE.roots))


def is_to_be_tried_again(instance: dg.DagsterInstance) -> bool:
    """Whether the sensor's last run failed, some time ago."""
    records = instance.get_run_records(dg.RunsFilter(tags={"dagster/sensor_name": NAME}), limit=1)
    if not records or records[0].dagster_run.status != dg.DagsterRunStatus.FAILURE:
        return False
    ended = records[0].end_time or records[0].update_timestamp.timestamp()
    return time.time() - ended >= SECONDS_BETWEEN_TRIES


@dg.sensor(
    name=NAME,
    job=prepare,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts `prepare` when a source file is new, changed or gone, and again ten minutes after it failed. "
    "Off until it is switched on.",
)
def source_file_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """A change starts a run once two looks in a row found the same: a file that still grows is left alone."""
    cursor = json.loads(context.cursor or "{}")
    try:
        seen = fingerprint()
    except (IngestError, OSError) as error:
        return dg.SkipReason(str(error))
    if seen == cursor.get("started"):
        if is_to_be_tried_again(context.instance):
            return dg.SensorResult([dg.RunRequest()])
        return dg.SkipReason("No source file changed.")
    if seen != cursor.get("seen"):
        context.update_cursor(json.dumps(cursor | {"seen": seen}))
        return dg.SkipReason("Source files changed: waiting for one look without a change.")
    return dg.SensorResult([dg.RunRequest()], cursor=json.dumps({"seen": seen, "started": seen}))
