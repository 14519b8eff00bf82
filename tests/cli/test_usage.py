"""What a new user does wrong gets one sentence and the right exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_defs import workspace
from dagster_defs.cli import main
from dagster_defs.workspace import open_workspace
from python_assets.lake import is_lake
from python_assets.simulate import SimulationSettings
from python_assets.warehouse import Warehouse
from tests.conftest import PROJECT

COMMANDS = [
    "run",
    "dev",
    "fetch",
    "ingest",
    "import-personas",
    "import-ratings",
    "simulate",
    "estimate",
    "status",
    "report",
    "sql",
    "doctor",
]


def _call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STUDY", "WAREHOUSE", "DATA", "LIMIT"):
        monkeypatch.delenv(f"PERSONA_FIDELITY_{name}", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))


def test_a_path_may_start_with_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `--out=~/corpus`, which no shell replaces."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    assert _call("simulate", "--out=~/corpus", "--users=30", "--items=40").exit_code == 0
    assert (tmp_path / "home" / "corpus").is_dir()
    opened = workspace.open_workspace(warehouse="~/mine.duckdb")
    assert opened.address == str(tmp_path / "home" / "mine.duckdb")
    assert f"There is no study file {tmp_path / 'home' / 'mine.yml'}" in _call("run", "--study=~/mine.yml").output
    assert f"{tmp_path / 'home' / 'none'} is not a folder" in _call("run", "--data-root=~/none").output


@pytest.mark.parametrize("name", ["a#b.duckdb", "results.duckdb"])
def test_a_run_refuses_a_name_that_would_fail_later(tmp_path: Path, name: str) -> None:
    done = _call("run", "--warehouse", str(tmp_path / name))
    assert done.exit_code == 1
    assert done.output.startswith("Error: A warehouse cannot ")
    assert not list(tmp_path.glob("*.duckdb"))


def test_status_counts_the_rows_that_are_there(tmp_path: Path) -> None:
    """DuckDB's estimate still has those that were deleted."""
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare()
    with warehouse.connect(read_only=False) as connection:
        connection.execute("insert into raw.splits select 'Books', number from range(3000) as numbers(number)")
        connection.execute("delete from raw.splits where category::int >= 1000")
    said = _call("status", "--warehouse", str(warehouse.path)).output.splitlines()
    assert [line.split() for line in said if "raw.splits" in line] == [["raw.splits", "1,000"]]


def test_doctor_looks_at_all_that_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_FIDELITY_WAREHOUSE", str(tmp_path / "w.duckdb"))
    done = _call("doctor")
    assert done.exit_code == 0, done.output
    found = {line[9:27].strip(): line.split()[0] for line in done.output.splitlines()}
    needed = ("python", "packages", "sentence encoder", "dbt project", "machine", "folder")
    assert {found.pop(name) for name in needed} == {"ok"}
    assert set(found) == {"small chat model", "vllm", "gpu", "lake"}
    assert set(found.values()) <= {"ok", "optional"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = _call(command, "--help")
    assert done.exit_code == 0
    assert "Usage:" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["sql"],
        ["nonsense"],
        ["run", "--limit", "none"],
        ["sql", "select 1", "--format", "xml"],
        ["import-ratings", "--population", "mine"],
        ["import-ratings", "answers.csv", "--withdraw", "--population", "mine"],
    ],
)
def test_bad_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert _call(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--study", "demmo"], "did you mean demo?"),
        (["run", "--study", "missing.yml"], "There is no study file missing.yml"),
        (["sql", "select 1"], "There is no warehouse at"),
        (["simulate", "--out", "new", "--mean-reviews", "2"], "raise it to 6.30 or more"),
        (["simulate", "--out", "new", "--settings", "none.yaml"], "none.yaml cannot be read"),
        (["status"], "run `persona-fidelity run` first"),
        (["tidy"], "There is no warehouse at"),
        (["import-personas", "--withdraw", "--population", "mine"], "There is no warehouse at"),
        (["report"], "There is no warehouse at"),
    ],
)
def test_bad_input_is_exit_code_1_and_one_sentence(arguments: list[str], words: str) -> None:
    done = _call(*arguments)
    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output
    assert len(done.output.strip().splitlines()) == 1


@pytest.mark.parametrize("value", ["many", "-1", "2.5"])
def test_a_limit_in_the_environment_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PERSONA_FIDELITY_LIMIT", value)
    done = _call("run", "--study", "demo", "--dry-run")
    assert done.exit_code == 1
    assert f"PERSONA_FIDELITY_LIMIT is '{value}': set it to a number of personas" in done.output


def test_a_relative_dagster_home_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "history")
    assert _call("run", "--study", "demo", "--dry-run").exit_code == 0
    assert os.environ["DAGSTER_HOME"] == str(tmp_path / "history")


def test_each_warehouse_has_a_run_history_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, history in {"one.duckdb": "one.dagster", "two.11": "two.11.dagster", "two.12": "two.12.dagster"}.items():
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        monkeypatch.delenv("PERSONA_FIDELITY_WAREHOUSE", raising=False)
        assert _call("run", "--study", "demo", "--dry-run", "--warehouse", f"wh/{name}").exit_code == 0
        assert os.environ["DAGSTER_HOME"] == str(tmp_path / "wh" / history)


def test_a_blank_before_the_address_of_a_lake_makes_no_file_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    address = "ducklake:postgres:dbname=nothing host=127.0.0.1"
    assert is_lake(f" {address}\n")
    workspace = open_workspace(study="demo", warehouse=f" {address}\n")
    assert workspace.address == address
    assert not is_lake(" folder/ducklake:.duckdb")


def test_encoders_before_the_corpus(tmp_path: Path) -> None:
    Warehouse(tmp_path / "warehouse" / "demo.duckdb").prepare()
    done = _call("run", "--from", "encode")
    assert done.exit_code == 1
    assert "has no corpus and no probes yet: `persona-fidelity run --until prepare` makes them." in done.output


def test_a_file_that_is_no_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_text("these are notes, not a database " * 200)
    done = _call("sql", "select 1", "--warehouse", str(path))
    assert done.exit_code == 1
    assert "cannot be opened as a DuckDB file" in done.output


def test_an_unknown_key_names_the_nearest_valid_one(tmp_path: Path) -> None:
    study = tmp_path / "mine.yml"
    study.write_text("name: mine\nsources: [{category: A, reviews: a.csv}]\nsplits: {A: [A]}\npopulation: []\n")
    done = _call("run", "--study", str(study))
    assert done.exit_code == 1
    assert "unknown key `population`; did you mean `populations`?" in done.output


def test_what_was_copied_away_from_its_sql_says_how_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "PROJECT", tmp_path)
    done = _call("run", "--study", "demo", "--dry-run")
    assert done.exit_code == 1
    assert "install from a clone, with `pip install -e .`" in done.output


def test_debug_shows_the_error_itself() -> None:
    done = _call("--debug", "run", "--study", "demmo")
    assert done.exception is not None
    assert "StudyError" in type(done.exception).__name__


def test_dry_run_changes_nothing(tmp_path: Path) -> None:
    done = _call("run", "--study", "demo", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "evaluate: perfect_rater on Combined" in done.output
    assert not list(tmp_path.glob("warehouse/*.duckdb"))


def test_a_built_in_study_does_not_find_the_demos_files() -> None:
    done = _call("run", "--study", "beauty", "--dry-run")
    assert done.exit_code == 1
    assert "No file matches '**/All_Beauty.jsonl.gz'" in done.output


def test_a_dry_run_of_later_stages_needs_no_files_as_the_run_does(tmp_path: Path) -> None:
    """They lie on the machine that read them."""
    Warehouse(tmp_path / "warehouse" / "beauty.duckdb").prepare()
    done = _call("run", "--study", "beauty", "--from", "encode", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "1. encode: " in done.output
    assert "reads" not in done.output


def test_the_defaults_of_simulate_are_those_of_its_settings() -> None:
    shown = " ".join(_call("simulate", "--help").output.split())
    defaults = SimulationSettings()
    for name in ("users", "items", "mean_reviews", "seed"):
        assert (
            f"[{getattr(defaults, name):g}]" in shown.partition(f"--{name.replace('_', '-')} ")[2].partition(" --")[0]
        )


def test_simulate_takes_a_single_category_and_settings_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("users: 30\nmean_reviews: 7\nbroken_lines: 3\n")
    done = _call("simulate", "--settings", "mine.yaml", "--out", "new", "--category", "Software", "--items", "40")
    assert done.exit_code == 0, done.output
    assert "broken lines: 3" in done.output
    files = sorted(path.name for path in (tmp_path / "new").rglob("*.jsonl.gz"))
    assert files == ["Software.jsonl.gz", "meta_Software.jsonl.gz"]


def test_a_crash_in_native_code_shows_where_it_was() -> None:
    called = "import faulthandler, dagster_defs.cli as cli; cli.main(['doctor', '--help'], standalone_mode=False)"
    of_a_child = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import faulthandler; faulthandler._sigsegv()'])"
    )
    for crash in ("faulthandler._sigsegv()", of_a_child):
        command = [sys.executable, "-c", f"{called}; {crash}"]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert "Segmentation fault" in done.stderr
        assert "most recent call first" in done.stderr
    assert done.returncode == 0
