"""Which process a run lives in, so that runs that were killed are told from those that go on."""

from __future__ import annotations

import json
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage

from python_assets import signs
from python_assets.processes import Life, end, for_people, give_sign, life_of, this_process

# The UI does not show tags that begin like this.
PROCESS_TAG = ".dagster/persona_fidelity_process"
"""Run tag with the name that ``python_assets.processes`` gives a process."""
RUN_TAG = ".dagster/persona_fidelity_process_of"
"""Run tag with the run whose process that is: the UI hands a run's tags on to one that does it again."""
SERVER_TAG = ".dagster/grpc_info"
"""Dagster's own: where the code server listens that a UI or a daemon started the run in."""
UNDER_WAY = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
"""What Dagster counts as running. With runs that are only created or queued the daemon goes on."""
KILLED = "The process of this run was killed."
UI_ENDED = "The UI that started this run was ended before the run began."


def record_process(instance: dg.DagsterInstance, run_id: str) -> None:
    """Say that a run lives in this process, which gives a sign of life from now on.

    Raises:
        Failure: The run was ended while it started.
    """
    instance.add_run_tags(run_id, {PROCESS_TAG: give_sign(), RUN_TAG: run_id})
    run = instance.get_run_by_id(run_id)
    if run is not None and run.is_finished:
        raise dg.Failure("This run was ended while it started.")


def release_killed_runs(instance: dg.DagsterInstance) -> None:
    """Give back the pool slots of runs whose process is gone: Dagster would wait for them for ever.

    So would it for a run that ended otherwise and left its slot claimed, as one does that the UI marks as canceled, and
    for one that ended just when the next step asked for its slot. Of a process of which nothing is known the run goes on,
    unless somebody has marked it as ended.
    """
    # The command line's runs have a process before they start.
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.NOT_STARTED, *UNDER_WAY])
    for run in instance.get_runs(unfinished):
        if _life(instance, run) == Life.GONE:
            _end(instance, run.run_id)
    for run_id in {*_holders(instance), *instance.event_log_storage.get_concurrency_run_ids()}:
        found = instance.get_run_by_id(run_id)
        if found is None or (found.is_finished and not _goes_on(instance, found)):
            instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    _call_up_waiting_steps(instance)
    signs.remove_old()


@contextmanager
def releasing_killed_runs(instance: dg.DagsterInstance, *, every: float = 15.0) -> Iterator[None]:
    """Look again every so many seconds: a run for which a step waits inside may be killed or end meanwhile."""
    ended = Event()

    def look() -> None:
        while not ended.wait(every):
            # Whatever came in between, a busy database say, may be over the next time.
            with suppress(Exception):
                release_killed_runs(instance)

    looking = Thread(target=look, name="killed runs", daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def release_runs_of_ended_uis(instance: dg.DagsterInstance) -> None:
    """End the runs that a UI started and that were killed before they said which process they live in.

    For a UI that has this history to itself. A run that is alive after all, as it was just starting, sees that it has
    ended and does nothing.
    """
    if not _is_of_one_machine(instance):
        return  # It may be a run of another one's UI.
    for run in instance.get_runs(dg.RunsFilter(statuses=list(UNDER_WAY))):
        if not _process_of(run) and not _may_be_served(run):
            _end(instance, run.run_id)


def stop_runs_of_the_ui(instance: dg.DagsterInstance) -> list[str]:
    """Ask the runs on this machine that a UI or its sensors started to end: a UI that is asked to waits for none of them.

    Returns:
        The ids of those that were asked, or that had not named their process yet and are marked as failed: such a run sees
        that before it does anything.
    """
    asked = []
    for run in instance.get_runs(dg.RunsFilter(statuses=list(UNDER_WAY))):
        process = _process_of(run)
        if SERVER_TAG not in run.tags:
            continue
        # In a history that machines share, it may be a run of another one's UI.
        is_starting = not process and _is_of_one_machine(instance)
        if is_starting:
            _end(instance, run.run_id, UI_ENDED)
        if is_starting or (process and end(process)):
            asked.append(run.run_id)
    return asked


def held_by_others(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """One sentence for each other run that a step of this one may have to wait for."""
    return [
        f"Run {other[:8]} ({found.job_name if found else 'unknown'}) has the pool {' and '.join(sorted(pools))}: "
        f"a step of this run that needs it waits until that run's step has ended{_where(instance, found)}."
        for other, pools in _holders(instance).items()
        if other != run_id
        for found in [instance.get_run_by_id(other)]
    ]


def held_up_by(instance: dg.DagsterInstance) -> list[str]:
    """One sentence for each run that holds up the UI's queue and of whose process nothing is known."""
    return [
        f"Run {run.run_id[:8]} ({run.job_name}) counts as under way{_where(instance, run)}."
        for run in instance.get_runs(dg.RunsFilter(statuses=list(UNDER_WAY)))
        if _life(instance, run) == Life.UNKNOWN and (_process_of(run) or not _may_be_served(run))
    ]


def _where(instance: dg.DagsterInstance, run: dg.DagsterRun | None) -> str:
    """Which process a run is in, and what to do where nothing is known of it."""
    if run is None:
        return ""
    process = _process_of(run)
    if process and _life(instance, run) != Life.UNKNOWN:
        return f" ({for_people(process)})"
    life = for_people(process) if process else "the UI that started it"
    return (
        f"; if {life} has ended, which cannot be seen from here, terminate that run in the Dagster UI "
        "(`persona-fidelity dev`) with `Force termination immediately`"
    )


def _is_of_one_machine(instance: dg.DagsterInstance) -> bool:
    """Whether nobody else can have this history open in another UI: a file, in a folder where locks count."""
    file = _file_of(instance)
    return file is not None and signs.count(file)


def _file_of(instance: dg.DagsterInstance) -> Path | None:
    """What holds the runs; None: a database, which machines may share."""
    storage = instance.run_storage
    return Path(storage._conn_string.removeprefix("sqlite:///")) if isinstance(storage, SqliteRunStorage) else None


def _call_up_waiting_steps(instance: dg.DagsterInstance) -> None:
    """Let the step that has waited longest for a free slot have it.

    Dagster does so when another step ends, and misses one that begins to wait at that moment: it would wait for ever.
    """
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        for pool in storage.get_concurrency_keys():
            if storage.has_unassigned_slots(pool):
                storage.assign_pending_steps([pool])


def _process_of(run: dg.DagsterRun) -> str:
    """Its name; empty where it is not known."""
    is_own = run.tags.get(RUN_TAG, run.run_id) == run.run_id
    return run.tags.get(PROCESS_TAG, "") if is_own else ""


def _life(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Life:
    return life_of(_process_of(run), at=_file_of(instance))


def _goes_on(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    # A run that was marked as canceled goes on for a while. In this process runs follow each other.
    return _process_of(run) != this_process() and _life(instance, run) == Life.GOES_ON


def _may_be_served(run: dg.DagsterRun) -> bool:
    """Whether the code server that started the run still answers."""
    if SERVER_TAG not in run.tags:
        # Only UIs and daemons have runs that are starting; this one was cut off just before it named its server.
        return run.status != dg.DagsterRunStatus.STARTING
    server = json.loads(run.tags[SERVER_TAG])
    try:
        if path := server.get("socket"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
        else:
            socket.create_connection((server["host"], server["port"]), timeout=5).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        return True
    return True


def _end(instance: dg.DagsterInstance, run_id: str, why: str = KILLED) -> None:
    # Asked for again: it may have ended well just before its process did.
    run = instance.get_run_by_id(run_id)
    if run is not None and run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, why)
    elif run is not None and not run.is_finished:
        instance.report_run_failed(run, why)
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def _holders(instance: dg.DagsterInstance) -> dict[str, set[str]]:
    """The pools of each run that has a slot."""
    holders = defaultdict[str, set[str]](set)
    for pool in instance.event_log_storage.get_concurrency_keys():
        for slot in instance.event_log_storage.get_concurrency_info(pool).claimed_slots:
            holders[slot.run_id].add(pool)
    return holders
