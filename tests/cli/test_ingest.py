"""What `ingest` tells of files with broken lines."""

from __future__ import annotations

import json
from pathlib import Path

from python_assets.warehouse import Warehouse
from tests.graph.conftest import own_environment, run_command
from tests.ingest.samples import review, write

STUDY = {
    "name": "mine",
    "sources": [{"category": "A", "reviews": ["a.jsonl", "b.jsonl"]}],
    "splits": {"A": ["A"]},
    "populations": [{"name": "p", "condition": "control", "rater": {"backend": "perfect"}}],
}


def test_reasons_are_counted_with_an_example_and_where_to_find_the_rest(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [review("u1"), b"{broken"])
    write(tmp_path / "b.jsonl", [review("u2", rating=9), *[b"{broken"] * 10, review("u3")])
    (tmp_path / "mine.yml").write_text(json.dumps(STUDY))
    environment = own_environment(tmp_path)
    done = run_command(tmp_path, environment, "ingest", "--study", "mine.yml", "--data-root", ".")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    start = lines.index("a.jsonl: A reviews, 2 read = 1 accepted + 1 rejected + 0 duplicate")
    assert [" ".join(line.split()) for line in lines[start + 1 : start + 6]] == [
        "b.jsonl: A reviews, 12 read = 1 accepted + 11 rejected + 0 duplicate",
        "2 of 2 files were new or had changed",
        "rejected 11 not valid JSON, first in a.jsonl line 2",
        "rejected 1 rating is outside 1 to 5, first in b.jsonl line 1",
        "each of them is in raw.rejected_rows",
    ]
    shown = run_command(tmp_path, environment, "sql", "from raw.rejected_rows", "--format", "json")
    assert len(json.loads(shown.stdout)) == 12


def test_only_what_was_read_is_told_of(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / name, [review(name)])
    (tmp_path / "mine.yml").write_text(json.dumps(STUDY))
    environment = own_environment(tmp_path)
    said = []
    for more in ([], [review("new")]):
        write(tmp_path / "b.jsonl", [review("b.jsonl"), *more])
        done = run_command(tmp_path, environment, "ingest", "--study", "mine.yml", "--data-root", ".")
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.splitlines()[:-1])
    assert len(said[0]) == 3
    assert said[1] == [
        "b.jsonl: A reviews, 2 read = 1 accepted + 0 rejected + 1 duplicate",
        "1 of 2 files were new or had changed",
    ]


def test_a_file_has_one_name_however_a_linked_data_root_is_given(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to("disk")
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / "disk" / name, [review(name)])
    study = STUDY | {"sources": [{"category": "A", "reviews": "*.jsonl"}]}
    (tmp_path / "mine.yml").write_text(json.dumps(study))
    environment = own_environment(tmp_path)
    command = ("ingest", "--study", "mine.yml")
    assert run_command(tmp_path, environment, *command, "--data-root", "data").returncode == 0
    (tmp_path / "disk" / "b.jsonl").rename(tmp_path / "b.jsonl")
    environment["PERSONA_FIDELITY_DATA"] = "data"
    done = run_command(tmp_path, environment, *command, "--withdraw", "data/b.jsonl")
    assert done.returncode == 0, done.stderr
    assert "0 of 1 files were new or had changed" in done.stdout


def test_what_another_ingest_read_meanwhile_is_not_told_as_ones_own(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / name, [review(name)])
    (tmp_path / "mine.yml").write_text(json.dumps(STUDY))
    environment = own_environment(tmp_path)
    command = ("ingest", "--study", "mine.yml", "--data-root", ".", "--warehouse", "w.duckdb")
    assert run_command(tmp_path, environment, *command).returncode == 0
    # As if that one had ended while the next waited for its turn.
    later = "update raw.ingested_files set ingested_at = ingested_at + interval 1 hour"
    Warehouse(tmp_path / "w.duckdb").write(lambda connection: connection.execute(later))
    done = run_command(tmp_path, environment, *command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "0 of 2 files were new or had changed"
