"""Watch the study's source files, and prepare the corpus anew when they changed."""

import json

import dagster as dg

from dagster_defs.jobs import prepare
from dagster_defs.partitions import WORKSPACE
from python_assets.ingest import IngestError, source_files
from python_assets.stages import files_fingerprint

SECONDS_BETWEEN_LOOKS = 60


def fingerprint() -> str:
    """Sixteen hex digits that change with the path, size or time of any source file; no file is opened.

    Raises:
        IngestError: A source has no file.
    """
    return files_fingerprint(file.path for file in source_files(WORKSPACE.study.sources, roots=WORKSPACE.roots))


@dg.sensor(
    job=prepare,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts `prepare` when a source file is new, changed or gone. Off until it is switched on.",
)
def source_file_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """A change starts a run once two looks in a row found the same: a file that still grows is left alone."""
    cursor = json.loads(context.cursor or "{}")
    try:
        seen = fingerprint()
    except (IngestError, OSError) as error:
        return dg.SkipReason(str(error))
    if seen == cursor.get("started"):
        return dg.SkipReason("No source file changed.")
    if seen != cursor.get("seen"):
        context.update_cursor(json.dumps(cursor | {"seen": seen}))
        return dg.SkipReason("Source files changed: waiting for one look without a change.")
    return dg.SensorResult([dg.RunRequest()], cursor=json.dumps({"seen": seen, "started": seen}))
