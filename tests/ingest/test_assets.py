"""The asset over a landing folder: new, changed, withdrawn and unfinished files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_defs.assets import ingest as asset
from dagster_defs.failures import first_cause
from dagster_defs.resources import WarehouseResource
from python_assets.stages import Stage, finished_stages, mark
from python_assets.warehouse import Warehouse
from tests.ingest.samples import review, write


def materialize(warehouse: Warehouse, **config: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [asset.ingest],
        resources={"warehouse": WarehouseResource(address=str(warehouse.path))},
        run_config=dg.RunConfig({"ingest": asset.IngestConfig(**config)}),
        raise_on_error=False,
    )


def users(warehouse: Warehouse) -> list[str]:
    return [user for (user,) in warehouse.rows("select user_id from raw.reviews order by all")]


def cause(result: dg.ExecuteInProcessResult) -> str:
    error = next(event for event in result.all_events if event.is_step_failure).step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message if error else ""


def test_new_files_of_a_landing_folder_are_read_and_gone_ones_withdrawn_on_demand(
    landing: Path, warehouse: Warehouse
) -> None:
    first = write(landing / "1.jsonl", [review("u1")])
    assert materialize(warehouse).success
    write(landing / "2.jsonl.gz", [review("u2")])
    write(landing / "3.jsonl.gz.part", [review("u3")])
    assert materialize(warehouse).success
    assert users(warehouse) == ["u1", "u2"]
    first.unlink()
    assert materialize(warehouse).success
    assert users(warehouse) == ["u1", "u2"]
    assert materialize(warehouse, withdraw_missing=True).success
    assert users(warehouse) == ["u2"]


def test_of_many_gone_files_a_few_are_named(
    landing: Path, warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = [write(landing / f"{number}.jsonl", [review(f"u{number}")]) for number in range(9)]
    assert materialize(warehouse).success
    for path in paths[:8]:
        path.unlink()
    capfd.readouterr()
    assert materialize(warehouse).success
    warnings = [line for line in capfd.readouterr().err.splitlines() if " gone; " in line]
    assert len(warnings) == 6
    assert (
        "3 more files are gone; their rows stay: `ingest --withdraw-missing` takes out those of all 8" in warnings[-1]
    )
    assert len(users(warehouse)) == 9


def test_a_named_file_is_withdrawn_once_it_is_out_of_the_source(landing: Path, warehouse: Warehouse) -> None:
    one, two = (write(landing / f"{number}.jsonl", [review(f"u{number}"), review("both")]) for number in (1, 2))
    assert materialize(warehouse).success
    refused = materialize(warehouse, withdraw=[str(one)])
    assert (
        "1.jsonl is still there and would be read again, and the study reads it for all its rows: move it out"
        in cause(refused)
    )
    one.rename(landing.parent / "1.jsonl")
    assert materialize(warehouse, withdraw=[str(one)]).success
    assert users(warehouse) == ["both", "u2"]
    assert materialize(warehouse, withdraw=[str(one)]).success
    assert "3.jsonl was never ingested" in cause(materialize(warehouse, withdraw=[str(landing / "3.jsonl")]))
    assert warehouse.rows("select path from raw.ingested_files") == [(str(two),)]


def test_an_empty_folder_is_not_taken_for_a_wish_to_withdraw_everything(landing: Path, warehouse: Warehouse) -> None:
    path = write(landing / "1.jsonl", [review("u1")])
    assert materialize(warehouse).success
    path.unlink()
    assert "No file matches 'landing'" in cause(materialize(warehouse, withdraw_missing=True))
    assert users(warehouse) == ["u1"]


def test_progress_is_told_in_plain_sentences(
    landing: Path, warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    one = write(landing / "1.jsonl", [review("u1"), review("u1"), review("u3"), b"broken"])
    write(landing / "2.jsonl", [review("u2"), review("u1")])
    assert materialize(warehouse).success
    one.unlink()
    assert materialize(warehouse, withdraw=[str(one)]).success
    assert materialize(warehouse, withdraw=[str(one)]).success
    said = [line.rpartition(" - ")[2] for line in capfd.readouterr().err.splitlines()]
    assert "1.jsonl: C reviews, 4 read = 2 accepted + 1 rejected + 1 duplicate" in said
    assert "withdrawn: 1 review and 0 items taken out, 1 remaining file read again" in said
    assert f"{one} is withdrawn already" in said


def test_after_the_last_file_of_a_source_was_withdrawn_what_is_done_is_said(
    landing: Path, warehouse: Warehouse
) -> None:
    path = write(landing / "1.jsonl", [review("u1")])
    assert materialize(warehouse).success
    path.unlink()
    done = materialize(warehouse, withdraw=[str(path)])
    wanted = f"The rows of {path} are out, but nothing was read, as the source 'landing' has no file left: take it out"
    assert wanted in first_cause(done)
    assert users(warehouse) == []
    assert wanted in first_cause(materialize(warehouse, withdraw=[str(path)]))


def test_a_corpus_is_not_done_when_files_went_in_or_out_since(landing: Path, warehouse: Warehouse) -> None:
    """Whoever makes it: where the former files come back, all would look as it did."""
    prepare, path = Stage("prepare", ""), write(landing / "1.jsonl", [review("u1")])
    write(landing / "2.jsonl", [review("u2")])

    def is_done(**config: Any) -> bool:
        mark(warehouse, prepare, "of the files at first")
        assert materialize(warehouse, **config).success
        return prepare in finished_stages(warehouse)

    assert not is_done()
    assert is_done()
    write(path, [review("u1", rating=1.0)])
    assert not is_done()
    path.unlink()
    assert not is_done(withdraw=[str(path)])


def test_a_file_that_the_study_names_no_more_is_told_until_it_is_withdrawn(
    landing: Path, warehouse: Warehouse, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (landing / "link.jsonl").symlink_to(write(landing / "one.jsonl", [review(user_id="a")]))
    two = write(landing / "two.jsonl", [review(user_id="b")])
    assert materialize(warehouse).success
    assert "not named" not in capfd.readouterr().err
    study = asset.WORKSPACE.study
    narrower = study.model_copy(
        update={"sources": [study.sources[0].model_copy(update={"reviews": ["landing/link.jsonl"]})]}
    )
    monkeypatch.setattr(asset, "WORKSPACE", replace(asset.WORKSPACE, study=narrower))
    assert materialize(warehouse).success
    told = [line for line in capfd.readouterr().err.splitlines() if "not named" in line]
    assert len(told) == 1
    assert f"{two} is not named by the study any more; its rows stay: `ingest --withdraw {two}`" in told[0]
    assert users(warehouse) == ["a", "b"]
    assert materialize(warehouse, withdraw=[str(two)]).success
    assert users(warehouse) == ["a"]
    assert "not named" not in capfd.readouterr().err


@pytest.mark.parametrize("changes", [False, True])
def test_a_file_that_moved_to_another_category_is_withdrawn_from_the_former_one(
    landing: Path,
    warehouse: Warehouse,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    changes: bool,
) -> None:
    write(landing / "one.jsonl", [review("a"), review("both")])
    two = write(landing / "two.jsonl", [review("b"), review("both"), b"broken"])
    assert materialize(warehouse).success
    study = asset.WORKSPACE.study
    sources = [
        study.sources[0].model_copy(update={"category": category, "reviews": [f"landing/{name}.jsonl"]})
        for category, name in (("C", "one"), ("D", "two"))
    ]
    moved = study.model_copy(update={"sources": sources, "splits": {"C": ["C"], "D": ["D"]}})
    monkeypatch.setattr(asset, "WORKSPACE", replace(asset.WORKSPACE, study=moved))
    if changes:
        write(two, [review("b"), review("both"), review("new"), b"broken"])
    assert materialize(warehouse).success
    told = f"{two} is not named by the study any more for all that it was read for; its rows stay: `ingest --withdraw {two}`"
    assert told in capfd.readouterr().err
    assert materialize(warehouse, withdraw=[str(two)]).success
    assert "not named" not in capfd.readouterr().err
    of_d = ["b", "both", "new"] if changes else ["b", "both"]
    rows = warehouse.rows("select category, user_id from raw.reviews order by all")
    assert rows == [("C", "a"), ("C", "both"), *(("D", user) for user in of_d)]
    ledger = warehouse.rows("select category, parse_filename(path), n_rejected from raw.ingested_files order by all")
    assert ledger == [("C", "one.jsonl", 0), ("D", "two.jsonl", 1)]
    assert warehouse.rows("select count(*) from raw.rejected_rows") == [(1,)]
    assert warehouse.rows("from raw.withdrawn_files") == []
    assert "two.jsonl is still there and would be read again" in cause(materialize(warehouse, withdraw=[str(two)]))
