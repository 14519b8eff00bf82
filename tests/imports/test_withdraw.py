"""What was imported is taken out again: the rows of that population, kind and split, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.fingerprints import imports_fingerprint
from python_assets.imports import ImportFileError, import_personas, import_ratings, withdraw_import
from python_assets.personas.population import write_population
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError

HELD = """
    select 'personas', split, population from raw.imported_personas
    union select 'ratings', split, population from raw.imported_ratings
    order by all
"""


@pytest.fixture
def filled(warehouse: Warehouse, study: Study, tmp_path: Path) -> Warehouse:
    """Personas and answers of one population on two splits, and personas of another."""
    file = tmp_path / "brought.csv"
    file.write_text("persona_id,persona_text,split,seed_user_id\nz,I like oil.,Beauty,ann\nz,I like games.,Games,bob\n")
    import_personas(warehouse, study, file, population="brought")
    import_personas(warehouse, study, file, population="rated_here")
    file.write_text("persona_id,item_id,rating,split\nz,i1,5,Beauty\nz,g1,2,Games\n")
    import_ratings(warehouse, study, file, population="brought")
    return warehouse


def test_one_kind_of_one_split(filled: Warehouse, tmp_path: Path) -> None:
    before = imports_fingerprint(filled, "Games", "brought")
    held = filled.rows(HELD)
    done = withdraw_import(filled, kind="ratings", population="brought", split="Beauty")
    assert done == [("Beauty", str(tmp_path / "brought.csv"), 1)]
    assert filled.rows(HELD) == [row for row in held if row != ("ratings", "Beauty", "brought")]
    assert filled.rows("select kind, split, population from raw.imports order by all") == filled.rows(HELD)
    assert imports_fingerprint(filled, "Games", "brought") == before


def test_all_splits_unless_one_is_named(filled: Warehouse) -> None:
    assert [part.split for part in withdraw_import(filled, kind="personas", population="brought")] == [
        "Beauty",
        "Games",
    ]
    assert {row[0] for row in filled.rows(HELD) if row[2] == "brought"} == {"ratings"}


def test_a_population_is_then_as_if_nothing_had_come(filled: Warehouse, study: Study) -> None:
    withdraw_import(filled, kind="personas", population="rated_here")
    settings = study.population("rated_here")
    rows = write_population(filled, study, settings, None, split="Beauty", code_version="1", log=print)
    assert rows.num_rows == 0
    assert imports_fingerprint(filled, "Beauty", "rated_here") == imports_fingerprint(filled, "Beauty", "graded")


def test_answers_without_their_personas_are_of_unknown_ones(filled: Warehouse, study: Study) -> None:
    withdraw_import(filled, kind="personas", population="brought")
    settings = study.population("brought")
    rows = write_population(filled, study, settings, None, split="Beauty", code_version="1", log=print)
    assert [(row["persona_id"], row["seed_user_id"], row["persona_text"]) for row in rows.to_pylist()] == [
        ("z", None, None)
    ]


def test_what_never_came_cannot_go(filled: Warehouse, tmp_path: Path) -> None:
    held = filled.rows(HELD)
    with pytest.raises(
        ImportFileError,
        match=r"^No ratings of rated_here on Beauty were imported; the imports are: "
        r"personas of brought on Beauty, personas of brought on Games, .*ratings of brought on Games\.$",
    ):
        withdraw_import(filled, kind="ratings", population="rated_here", split="Beauty")
    assert filled.rows(HELD) == held
    with pytest.raises(WarehouseError, match="There is no warehouse"):
        withdraw_import(Warehouse(tmp_path / "other.duckdb"), kind="ratings", population="brought")
    empty = Warehouse(tmp_path / "empty.duckdb")
    empty.prepare()
    with pytest.raises(ImportFileError, match="the imports are: none"):
        withdraw_import(empty, kind="ratings", population="brought")


def test_what_is_out_already_stays_out(filled: Warehouse, study: Study, tmp_path: Path) -> None:
    of_one_split = {"kind": "ratings", "population": "brought", "split": "Beauty"}
    withdraw_import(filled, **of_one_split)
    held = filled.rows(HELD)
    assert withdraw_import(filled, **of_one_split) == []
    assert filled.rows(HELD) == held
    assert [part.split for part in withdraw_import(filled, kind="ratings", population="brought")] == ["Games"]
    assert withdraw_import(filled, kind="ratings", population="brought") == []
    with pytest.raises(ImportFileError, match="No ratings of rated_here were imported"):
        withdraw_import(filled, kind="ratings", population="rated_here")
    file = tmp_path / "again.csv"
    file.write_text("persona_id,item_id,rating\nz,i1,4\n")
    import_ratings(filled, study, file, population="brought", split="Beauty")
    assert [part.path for part in withdraw_import(filled, kind="ratings", population="brought")] == [str(file)]
