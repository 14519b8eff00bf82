"""Watch the study's source files, and prepare the corpus anew when they changed."""

import hashlib
import json

import dagster as dg

from dagster_defs.jobs import prepare
from dagster_defs.partitions import WORKSPACE
from python_assets.ingest import IngestError, source_files

SECONDS_BETWEEN_LOOKS = 60


def fingerprint() -> str:
    """Sixteen hex digits that change with the path, size or time of any source file; no file is opened.

    Raises:
        IngestError: A source has no file.
    """
    listing = []
    for path, category, kind, _ in source_files(WORKSPACE.study.sources, roots=WORKSPACE.roots):
        status = path.stat()
        listing.append([str(path), category, kind, status.st_size, status.st_mtime_ns])
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()[:16]


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
