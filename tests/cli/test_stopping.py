"""Ctrl-C and SIGTERM give one sentence and the shell's exit code, whatever the command is in the middle of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_defs.cli.stopping import STOPPED, stop_signals
from python_assets.warehouse import Warehouse
from tests.graph.conftest import COMMAND

PROJECT = Path(__file__).parent.parent.parent


def started(command: str) -> subprocess.Popen[str]:
    """One of the commands of ``stubborn``."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cli.stubborn", command],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


COMMANDS = ["heeds", "fails", "dagster", "captures", "finalises", "reads", "swallows", "leaks"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_command_with_one_sentence(command: str, number: signal.Signals, code: int) -> None:
    process = started(command)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    # A terminal sends Ctrl-C to all processes of a command, `kill` to one.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, errors = process.communicate(timeout=25)
    assert (process.returncode, errors) == (code, STOPPED + "\n")


def test_tidying_up_is_not_interrupted_for_what_was_no_signal() -> None:
    process = started("tidies")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=25)
    assert (process.returncode, output) == (130, "tidied\n")
    assert "SystemExit: 3" in errors
    assert errors.endswith(STOPPED + "\n")


def test_the_handlers_before_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_signals() as received:
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
        assert received() is None
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_who_reads_only_the_first_lines_is_told_nothing(tmp_path: Path) -> None:
    Warehouse(tmp_path / "w.duckdb").prepare()
    asked = [COMMAND, "sql", "from range(200000)", "--format", "csv", "--warehouse", "w.duckdb"]
    process = subprocess.Popen(asked, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "range\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=25) == 1
