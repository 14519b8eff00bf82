"""What is seen of a run while it goes on: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import termios
from pathlib import Path

from python_assets.warehouse import Warehouse
from tests.graph.conftest import COMMAND, Finished, own_environment

ENCODE = ("run", "--study", "small.yml", "--from", "encode", "--until", "encode", "--force")


def seen_on_a_terminal(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    """What a command writes to the terminal that is its standard error."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 110))
    with subprocess.Popen(
        [COMMAND, *arguments], cwd=folder, env=environment, stderr=theirs, stdout=subprocess.DEVNULL
    ) as command:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:
            pass  # All who had the other end are gone.
        finally:
            os.close(ours)
    assert command.returncode == 0
    return b"".join(parts).decode()


def test_a_terminal_shows_bars(small_run: Finished, tmp_path: Path) -> None:
    warehouse = shutil.copy(small_run.warehouse.path, tmp_path / "small.duckdb")
    shutil.copy(small_run.folder / "small.yml", tmp_path)
    Warehouse(warehouse).write(lambda connection: connection.execute("delete from ml.encoder_runs"))
    seen = seen_on_a_terminal(tmp_path, own_environment(tmp_path), *ENCODE, "--warehouse", str(warehouse))
    assert re.search(r"encoder: +\d+%\|.*step/s", seen)
    assert "epoch 1" not in seen
    # Cleared, before the step's own line takes its place.
    assert re.search(r"\r +\r +encoders +\d+\.\d s\r\n", seen)


def test_a_log_has_lines(small_run: Finished) -> None:
    assert "epoch 2: loss" in small_run.progress
    assert re.search(r"\d+ of \d+ new item texts embedded", small_run.progress)
    assert re.search(r"epoch 2: loss \d\.\d{4}, validation pair accuracy \d\.\d{3}\n", small_run.progress)
    placed = "perfect_rater of Combined in paper: 40 personas have a place, 0 have no pair to place them by, 40 were looked at anew\n"
    assert placed in small_run.progress
    assert "ratings_in_range" not in small_run.progress
    assert re.search(r"\n    ml\.ratings +\d+\.\d s\n", small_run.progress)
    assert re.search(r"\n    dbt_models +\d+\.\d s\n", small_run.progress)
    assert "__" not in small_run.progress
    assert "dbt_models_" not in small_run.progress
    assert "{" not in small_run.progress
    assert "(path=" not in small_run.progress
    assert "%|" not in small_run.progress
    assert not re.search("Running dbt command|Copying|subsetted", small_run.progress)
