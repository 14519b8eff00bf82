"""A population of vLLM is evaluated in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs import run
from dagster_defs.parent_watch import PARENT_VARIABLE
from dagster_defs.run import RunError, run_study
from dagster_defs.run_state import Step
from dagster_defs.workspace import Workspace, open_workspace
from python_assets.prepared import MADE_CORPUS, MADE_PROBES
from python_assets.stages import mark
from tests.conftest import PROJECT
from tests.graph.conftest import Finished, own_environment, run_command

STEP = Step("evaluate", dg.MultiPartitionKey({"split": "Combined", "population": "asked"}), "asked on Combined", True)


@pytest.fixture
def workspace(small_run: Finished, tmp_path: Path) -> Workspace:
    """The finished run's, with one more population, which vLLM answers for."""
    path = shutil.copy(small_run.warehouse.path, tmp_path / "small.duckdb")
    study = tmp_path / "small.yml"
    asked = "  - {name: asked, condition: grounded, size: 3, rater: {backend: vllm, model: nobody/nothing}}\nmetrics:"
    study.write_text((small_run.folder / "small.yml").read_text().replace("metrics:", asked))
    opened = open_workspace(study=str(study), warehouse=path)
    # As if `prepare` had brought its settings in, and made all with them.
    changed = "update raw.study set config_hash = ?"
    opened.warehouse.write(lambda connection: connection.execute(changed, [opened.study.config_hash()]))
    for part in (MADE_CORPUS, MADE_PROBES):
        mark(opened.warehouse, part, opened.study.config_hash())
    return opened


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo loading >&2; echo 'nothing of note'; echo 'no such model'; exit 1", "no such model"),
        ("echo loading >&2; exit 1", "asked on Combined failed: its process ended early"),
        ("echo loading >&2; kill -9 $$", "asked on Combined failed: signal 9 ended its process"),
        (
            "echo loading >&2; echo 'NCCL is ready'; kill -9 $$",
            "asked on Combined failed: signal 9 ended its process, which last said: NCCL is ready",
        ),
    ],
)
def test_its_progress_is_seen_and_its_end_is_explained(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    script: str,
    words: str,
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(RunError) as failed:
        run_study([STEP], workspace)
    assert str(failed.value) == words
    assert "loading" in capfd.readouterr().err


PUTS_AWAY = """
import signal, sys, time
said = open("{said}", "w", buffering=1)
def put_away(*_):
    time.sleep(1)
    said.write("put away")
    sys.exit(1)
signal.signal(signal.SIGINT, lambda *_: said.write("interrupted, "))
signal.signal(signal.SIGTERM, put_away)
print("ready", file=sys.stderr, flush=True)
time.sleep(30)
"""
RUN = """
import sys
from dagster_defs.cli.stopping import stop_signals
from dagster_defs.run import _run_alone
from tests.graph.test_alone import STEP
sys.executable = sys.argv[1]
with stop_signals():
    _run_alone(STEP)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_has_time_to_put_away_what_it_has_when_the_run_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    python, said = tmp_path / "python", tmp_path / "said"
    # A shell would let through what is kept from it.
    python.write_text(f"#!{sys.executable}\n{PUTS_AWAY.format(said=said)}")
    python.chmod(0o755)
    command = [sys.executable, "-c", RUN, str(python)]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True, start_new_session=True) as done:
        assert done.stderr is not None
        assert done.stderr.readline() == "ready\n"
        # A terminal sends Ctrl-C to all processes of a command, `kill` to one.
        os.killpg(done.pid, number) if number == signal.SIGINT else done.send_signal(number)
        assert done.stderr.read().endswith("KeyboardInterrupt\n")
    assert said.read_text() == "put away"


def test_it_is_ended_when_it_does_not_heed_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "ENDING_SECONDS", 0.2)
    with subprocess.Popen(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], text=True) as process:
        time.sleep(0.3)
        run._end(process)
    assert process.returncode == -signal.SIGKILL


WATCHES = """
import signal, sys, time
from dagster_defs.parent_watch import end_with_parent
def put_away(*_):
    time.sleep(1)
    open("{said}", "w").write("put away")
    sys.exit(1)
signal.signal(signal.SIGTERM, put_away)
end_with_parent(grace=20)
print("ready", file=sys.stderr, flush=True)
time.sleep(30)
print("went on", file=sys.stderr, flush=True)
"""


def test_it_puts_away_what_it_has_and_ends_when_the_run_was_killed(tmp_path: Path) -> None:
    python, said = tmp_path / "python", tmp_path / "said"
    python.write_text(f"#!{sys.executable}\n{WATCHES.format(said=said)}")
    python.chmod(0o755)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", RUN, str(python)]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True) as done:
        assert done.stderr is not None
        assert done.stderr.readline() == "ready\n"
        done.kill()
        # It has both ends of the pipe: this waits for it, too.
        assert done.stderr.read() == ""
    assert said.read_text() == "put away"


def test_its_command_looks_who_started_it(tmp_path: Path) -> None:
    names_itself = "from python_assets.processes import this_process; print(this_process())"
    gone = subprocess.run([sys.executable, "-c", names_itself], cwd=PROJECT, capture_output=True, text=True, check=True)
    environment = own_environment(tmp_path) | {PARENT_VARIABLE: gone.stdout.strip()}
    command = [sys.executable, "-m", "dagster_defs.run", "evaluate", "asked", "Combined"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGTERM, done.stderr


def test_it_ends_quietly_when_nobody_is_left_to_hear_why() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "import sys; from dagster_defs.run import _tell; _tell('stopped'); sys.exit(1)"]
    done = subprocess.run(command, cwd=PROJECT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
def test_without_vllm_the_command_says_how_to_install_it(workspace: Workspace, tmp_path: Path) -> None:
    options = ("--study", str(workspace.study_file), "--warehouse", workspace.address, "--from", "evaluate")
    done = run_command(tmp_path, own_environment(tmp_path), "run", *options)
    assert done.returncode == 1
    assert done.stdout == ""
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("Error: ")
    assert "vllm" in error
    assert "pip install" in error
    assert done.stderr.count(error.removeprefix("Error: ")) == 1
