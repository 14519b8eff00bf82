"""A whole study through Dagster, stage by stage, in one process: nothing is recorded that the UI would not show too."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_defs.failures import first_cause
from dagster_defs.history import open_history
from dagster_defs.parent_watch import end_with_parent, name_parent
from dagster_defs.plan import plan
from dagster_defs.processes import PROCESS_TAG, release_killed_runs, releasing_killed_runs
from dagster_defs.run_state import RunState, Step
from dagster_defs.workspace import Workspace
from python_assets.prepared import require_prepared
from python_assets.processes import give_sign
from python_assets.progress import terminal
from python_assets.stages import STAGES

ENDING_SECONDS = 15.0
"""Time for a step's own process to put away what it has, and its run's end; less than a command has after a signal."""


class RunError(Exception):
    """A step failed; the message is its cause in one sentence."""


def run_study(steps: Sequence[Step], workspace: Workspace, *, force: bool = False, keep_going: bool = False) -> float:
    """Run the steps in order, without those whose inputs have not changed since they were last done.

    Args:
        steps: What ``plan`` says.
        workspace: Study, files and warehouse.
        force: Run all of them.
        keep_going: When a split's encoder or a population fails, do what does not need it.

    Returns:
        Seconds.

    Raises:
        RunError: A step failed. What was done before it stays done, and what was done after it.
        WarehouseError: The steps begin after `prepare`, and the warehouse was prepared with other settings.
    """
    if steps[0].job != STAGES[0]:
        require_prepared(workspace.warehouse, workspace.study)
    started, state, failures = time.monotonic(), RunState(workspace), dict[Step, RunError]()
    with contextlib.ExitStack() as stack:
        instance: dg.DagsterInstance | None = None
        for number, step in enumerate(steps, start=1):
            needed = [failed for failed in failures if step.needs(failed)]
            unchanged = not needed and state.is_done(step) and not force
            note = f": left out, as {needed[0].label} failed" if needed else ": unchanged" if unchanged else ""
            print(f"[{number}/{len(steps)}] {step.label}{note}", file=sys.stderr, flush=True)
            if unchanged:
                state.note_model(step)
            if needed or unchanged:
                continue
            instance = instance or stack.enter_context(_instance_telling_findings())
            try:
                with state.doing(step):
                    if step.own_process:
                        _run_alone(step)
                    else:
                        run_step(step.job, step.partition, instance)
            except RunError as error:
                if not keep_going or step.job == STAGES[0]:
                    raise
                failures[step] = error
                print(f"    {error}", file=sys.stderr, flush=True)
                if step.job == "encode" and state.forget_older(step, [other for other in steps if other.needs(step)]):
                    print(
                        f"    what {step.split} scored with other settings, files or code is in no results any more: run the same "
                        "command again once its encoder can be made",
                        file=sys.stderr,
                        flush=True,
                    )
    if steps[-1].job == STAGES[-1] and (older := _older_splits(steps, state)):
        print(
            f"    what is published of {', '.join(older)} is older than the study's settings, files or code: `run` without "
            "--split and --from brings it up to date",
            file=sys.stderr,
            flush=True,
        )
    if failures:
        raise RunError(
            f"{len(failures)} of {len(steps)} steps failed, and what does not need them is done: "
            + "; ".join(f"{step.label} ({error})" for step, error in failures.items())
        )
    return time.monotonic() - started


def _older_splits(steps: Sequence[Step], state: RunState) -> list[str]:
    """Splits in the results of which something is due that this run was not asked for."""
    published = {split for (split,) in state.warehouse.rows("select distinct split from results.population_metrics")}
    others = [step for step in plan(state.study) if step.split in published and step not in steps]
    return sorted({str(step.split) for step in others if not state.is_done(step)})


def ingest_only(*, withdraw: Sequence[Path] = (), withdraw_missing: bool = False) -> str:
    """Only the schema ``raw``: the study's settings and files; some files may be taken out first.

    Returns:
        The id of the Dagster run.
    """
    from dagster_defs.assets.ingest import FILES, STUDY, IngestConfig

    config = IngestConfig(withdraw=[str(path) for path in withdraw], withdraw_missing=withdraw_missing)
    with _instance_telling_findings() as instance:
        return run_step(
            "prepare",
            None,
            instance,
            only=[dg.AssetKey(["raw", name]) for name in (*STUDY, *FILES)],
            ops=dg.RunConfig({"ingest": config}).to_config_dict()["ops"],
        )


def run_step(
    job: str,
    partition: dg.MultiPartitionKey | str | None,
    instance: dg.DagsterInstance,
    *,
    only: Sequence[dg.AssetKey] | None = None,
    ops: Mapping[str, Any] | None = None,
) -> str:
    """Run one job, or some of its assets with their settings, on one partition in this process.

    Returns:
        The id of the Dagster run.

    Raises:
        RunError: It failed; the message is its cause.
    """
    from dagster_defs.definitions import defs

    terminal()
    release_killed_runs(instance)
    # dagster-dbt steps into the dbt project from several threads at once, and does not always come back.
    with _quiet_output(), contextlib.chdir(Path.cwd()), releasing_killed_runs(instance):
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            asset_selection=only,
            partition_key=partition,
            raise_on_error=False,
            run_config={"loggers": {"progress": {}}, "ops": ops or {}},
            tags={"persona_fidelity/started_by": "command line", PROCESS_TAG: give_sign()},
        )
    if not result.success:
        raise RunError(first_cause(result))
    return result.run_id


@contextlib.contextmanager
def _instance_telling_findings() -> Iterator[dg.DagsterInstance]:
    """Dagster's instance; in the end, however it comes, which checks failed meanwhile: Dagster's UI alone shows them."""
    started = time.time()
    with open_history() as instance:
        try:
            yield instance
        finally:
            from dagster_defs.check_findings import failed_checks

            for line in failed_checks(instance, since=started):
                print(f"    {line}", file=sys.stderr, flush=True)


def _run_alone(step: Step) -> None:
    """Run a step in a process of its own: its progress is seen as it comes, and why it failed is what it prints."""
    command = [sys.executable, "-m", "dagster_defs.run", step.job, str(step.population), str(step.split)]
    run: subprocess.Popen[str] | None = None
    try:
        with _no_ctrl_c():
            name_parent()
            # The user's folder may hold a file with the name of a module.
            environment = os.environ | {"PYTHONSAFEPATH": "1"}
            run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        said, _ = run.communicate()
    except BaseException:
        if run is not None:
            _end(run)
        raise
    if run.returncode:
        raise RunError(_why(step, run.returncode, (said.strip().splitlines() or [""])[-1]))


def _why(step: Step, code: int, last_said: str) -> str:
    if code > 0:
        return last_said or f"{step.label} failed: its process ended early"
    # What a killed process, or a library in it, said last need not be why it ended.
    said = f", which last said: {last_said}" if last_said else ""
    return f"{step.label} failed: signal {-code} ended its process{said}"


@contextlib.contextmanager
def _no_ctrl_c() -> Iterator[None]:
    """A terminal's Ctrl-C does not reach what is started inside: a second signal would cut off what the first has put away."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(run: subprocess.Popen[str]) -> None:
    run.terminate()
    try:
        run.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        run.kill()


def _tell(why: str) -> None:
    """Say it to the run that waits for this step, unless that was killed."""
    try:
        print(why, flush=True)
    except BrokenPipeError:
        # Python writes it once more at its end, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _quiet_output() -> Iterator[None]:
    """dbt's and the libraries' own lines go to a log file; progress and errors stay on standard error."""
    log = Path(os.environ["DAGSTER_HOME"]) / "run.log"
    with log.open("a") as stream, contextlib.redirect_stdout(stream):
        yield


if __name__ == "__main__":
    end_with_parent(grace=ENDING_SECONDS)
    job, population, split = sys.argv[1:4]
    with open_history() as own_instance:
        try:
            run_step(job, dg.MultiPartitionKey({"split": split, "population": population}), own_instance)
        except RunError as failure:
            _tell(str(failure))
            sys.exit(1)
