"""What the checks found meanwhile: a run goes on when one fails, and Dagster's UI alone would show it."""

from collections.abc import Iterator

import dagster as dg

from dagster_defs.checks import CHECKS


def failed_checks(instance: dg.DagsterInstance, *, since: float) -> Iterator[str]:
    """A line for each check that failed and does more than warn; a run goes on all the same.

    A check's last finding counts, by whatever process: a later step may mend what an earlier one's check missed, users of
    the next split, say.

    Args:
        instance: Where runs are recorded.
        since: Only what was found later, in seconds since 1970.
    """
    for made in CHECKS:
        last = instance.get_latest_asset_check_evaluation_record(made.check_key)
        # Recorded in whole seconds.
        if last is None or last.create_timestamp < int(since):
            continue
        found = last.evaluation
        if (
            isinstance(found, dg.AssetCheckEvaluation)
            and not found.passed
            and found.severity == dg.AssetCheckSeverity.ERROR
        ):
            asset = "/".join(found.asset_key.path)
            yield f"check {found.check_name} of {asset} failed: {found.description}"
