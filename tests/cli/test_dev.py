"""One Dagster UI a port, and one a run history."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import click
import dagster as dg
import pytest
from click.testing import CliRunner, Result
from dagster._core.test_utils import create_run_for_test
from dagster._grpc.utils import default_sensor_grpc_timeout

from dagster_defs import processes
from dagster_defs.cli import main
from dagster_defs.cli.dev import only_one, serve, server_environment
from dagster_defs.processes import PROCESS_TAG, SERVER_TAG
from python_assets.processes import this_process
from tests.ports import free_port

SENSOR_LIMIT = "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS"
SERVE = """
import sys
from pathlib import Path
from dagster_defs.cli.dev import only_one, serve

history, sys.executable = Path(sys.argv[1]), sys.argv[2]
with only_one(history) as lock:
    serve(1, history, lock)
"""


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DAGSTER_HOME, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("STUDY", "WAREHOUSE", "DATA", "LIMIT"):
        monkeypatch.delenv(f"PERSONA_FIDELITY_{name}", raising=False)
    folder = tmp_path / "history"
    folder.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


def _dev(port: int) -> Result:
    return CliRunner().invoke(main, ["dev", "--port", str(port)])


def test_a_port_in_use_is_said_at_once(history: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = _dev(port)
    assert done.exit_code == 1
    assert f"Port {port} cannot be used" in done.output
    assert f"http://127.0.0.1:{port} if the UI runs there already" in done.output


def test_a_second_ui_with_the_same_history_is_refused(history: Path) -> None:
    with only_one(history):
        done = _dev(free_port())
    assert done.exit_code == 1
    assert f"the run history in {history} is open already (process unknown)" in done.output
    assert "set DAGSTER_HOME to another folder" in done.output
    with only_one(history):
        pass  # Free again.


def test_a_file_system_without_locks(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with only_one(history) as one, only_one(history) as other:
        assert one.name == other.name


def test_the_history_stays_in_use_while_dagster_outlives_a_killed_command(history: Path, tmp_path: Path) -> None:
    dagster = tmp_path / "bin" / "dagster"
    dagster.parent.mkdir()
    dagster.write_text("#!/bin/sh\nexec sleep 60\n")
    dagster.chmod(0o755)
    command = [sys.executable, "-c", SERVE, str(history), str(dagster.with_name("python"))]
    lock, number = history / "dev.lock", ""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as started:
        try:
            for _ in range(600):
                if number := lock.exists() and lock.read_text():
                    break
                time.sleep(0.1)
        finally:
            started.kill()
    assert number
    try:
        with pytest.raises(click.ClickException, match=rf"process {number}\)"), only_one(history):
            pass
    finally:
        os.kill(int(number.split()[0]), signal.SIGKILL)
    for _ in range(100):
        try:
            with only_one(history):
                return
        except click.ClickException:
            time.sleep(0.1)  # It is still ending.
    pytest.fail("the lock outlived Dagster")


def test_runs_that_a_power_cut_ended_are_not_under_way_when_dagster_starts(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.from_config(str(history)) as instance:
        tags = {SERVER_TAG: '{"socket": "/nowhere/at/all"}'}
        run = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED, tags=tags)
    found: list[dg.DagsterRun | None] = []

    def instead_of_dagster(*_: object) -> int:
        with dg.DagsterInstance.get() as opened:
            found.append(opened.get_run_by_id(run.run_id))
        return 0

    monkeypatch.setattr(sys.modules[serve.__module__], "serve", instead_of_dagster)
    done = _dev(free_port())
    assert done.exit_code == 0, done.output
    assert [run and run.status for run in found] == [dg.DagsterRunStatus.FAILURE]


def test_a_run_that_is_killed_while_the_ui_is_open_keeps_no_other_in_its_queue(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[dg.DagsterRunStatus] = []
    host, number, _, place = this_process().split(":")
    gone = f"{host}:{number}:1.00:{place}"

    def instead_of_dagster(*_: object) -> int:
        with dg.DagsterInstance.get() as opened:
            tags = {PROCESS_TAG: gone}
            run = create_run_for_test(opened, status=dg.DagsterRunStatus.STARTED, tags=tags)
            for _ in range(100):
                last = opened.get_run_by_id(run.run_id)
                assert last is not None
                if last.is_finished:
                    break
                time.sleep(0.05)
            found.append(last.status)
        return 0

    monkeypatch.setattr(sys.modules[serve.__module__], "serve", instead_of_dagster)
    monkeypatch.setattr(processes, "releasing_killed_runs", partial(processes.releasing_killed_runs, every=0.05))
    assert _dev(free_port()).exit_code == 0
    assert found == [dg.DagsterRunStatus.FAILURE]


def test_a_run_of_which_nothing_is_known_is_named_when_the_ui_starts(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.from_config(str(history)) as instance:
        tags = {PROCESS_TAG: "c0ffee:12:1.00:another"}
        run = create_run_for_test(instance, job_name="encode", status=dg.DagsterRunStatus.STARTED, tags=tags)
    monkeypatch.setattr(sys.modules[serve.__module__], "serve", lambda *_: 0)
    said = _dev(free_port()).stderr
    assert said.startswith(f"Run {run.run_id[:8]} (encode) counts as under way; if process 12 on c0ffee has ended")
    assert "`Force termination immediately`" in said


INTERRUPTED = """
import sys
from pathlib import Path
from dagster_defs.cli.dev import only_one, serve

sys.executable = sys.argv[2]
with only_one(Path(sys.argv[1])) as lock:
    try:
        serve(1, Path(sys.argv[1]), lock)
    except KeyboardInterrupt:
        print("stopped")
"""
DAGSTER = "#!/bin/sh\ntrap 'echo told by the terminal' INT HUP\ntrap 'echo asked; exit 0' TERM\nwhile true; do sleep 0.1; done\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_terminal_tells_the_command_alone_and_a_run_that_was_starting_is_over(
    history: Path, tmp_path: Path, number: signal.Signals
) -> None:
    tags = {SERVER_TAG: '{"socket": "/nowhere/at/all"}'}
    with dg.DagsterInstance.from_config(str(history)) as instance:
        run = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTING, tags=tags)
    dagster = tmp_path / "bin" / "dagster"
    dagster.parent.mkdir()
    dagster.write_text(DAGSTER)
    dagster.chmod(0o755)
    command = [sys.executable, "-c", INTERRUPTED, str(history), str(dagster.with_name("python"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as started:
        lock = history / "dev.lock"
        for _ in range(600):
            if lock.exists() and lock.read_text():
                break
            time.sleep(0.1)
        time.sleep(0.5)
        os.killpg(started.pid, number)
        try:
            said, _ = started.communicate(timeout=60)
        finally:
            # The one that hears no signal would be waited for without end.
            started.kill()
    assert said.splitlines()[1:] == ["asked", "stopped"]
    with dg.DagsterInstance.from_config(str(history)) as instance:
        ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status == dg.DagsterRunStatus.FAILURE


def test_an_interrupt_that_nobody_caught_is_no_traceback_in_the_processes_of_dagster() -> None:
    code = "import dagster_defs.interrupts as i; raise {}"
    for error, said in (("KeyboardInterrupt", ""), ("i.DagsterExecutionInterruptedError", ""), ("ValueError", "Error")):
        done = subprocess.run([sys.executable, "-c", code.format(error)], capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert said in done.stderr
        assert bool(done.stderr) == bool(said)


def test_a_file_of_the_user_is_no_module_of_dagster(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not a module of Python')\n")
    dagster = tmp_path / "bin" / "dagster"
    dagster.parent.mkdir()
    dagster.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m json.tool --help > /dev/null\n")
    dagster.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dagster.with_name("python")))
    with only_one(history) as lock:
        assert serve(1, history, lock) == 0


def test_a_sensor_may_look_for_as_long_as_it_waits_for_the_warehouse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_FIDELITY_WAIT", "500")
    monkeypatch.setenv(SENSOR_LIMIT, server_environment().get(SENSOR_LIMIT, ""))
    assert default_sensor_grpc_timeout() > 500
    monkeypatch.setenv(SENSOR_LIMIT, "7")
    assert server_environment()[SENSOR_LIMIT] == "7"


SHOWN = """
import sys
sys.argv = ["dagster", *sys.argv[1:]]
from dagster_defs.definitions import defs
for spec in defs.resolve_all_asset_specs():
    print(spec.key.to_user_string(), spec.description)
"""


@pytest.mark.parametrize("loaded_by", ["the UI", "a command"])
def test_why_a_study_cannot_be_read_is_what_the_ui_shows(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded_by: str
) -> None:
    study = tmp_path / "broken.yml"
    study.write_text("name: broken\nsources: [\n")
    monkeypatch.setenv("PERSONA_FIDELITY_STUDY", str(study))
    arguments = ["api", "grpc"] if loaded_by == "the UI" else ["run"]
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = f"{study} is not valid YAML"
    if loaded_by == "a command":
        assert said in done.stderr.splitlines()[-1]
    else:
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"study_cannot_be_read {said}")
        assert "`Reload definitions`" in done.stdout
        # It is shown as Markdown.
        assert "<" not in done.stdout
