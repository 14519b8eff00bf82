"""Which process a run of the command line lives in, so that those of killed ones are told from those that go on."""

from __future__ import annotations

import dagster as dg

from python_assets.processes import is_gone

PROCESS_TAG = "persona_fidelity/process"
"""Run tag with the name that ``python_assets.processes`` gives a process."""


def release_killed_runs(instance: dg.DagsterInstance) -> None:
    """Give back the pool slots of runs whose process on this machine is gone: Dagster would wait for them for ever."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for run in instance.get_runs(unfinished):
        if is_gone(run.tags.get(PROCESS_TAG, "")):
            instance.report_run_failed(run, "The process of this run was killed.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
