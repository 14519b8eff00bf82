"""An import into a lake holds what an import into a file holds."""

from __future__ import annotations

from pathlib import Path

from python_assets.imports import import_personas, import_ratings
from python_assets.personas.population import write_population
from python_assets.raters.population import take_imported_ratings
from python_assets.study import Study
from tests.imports.conftest import CORPUS, study  # noqa: F401
from tests.lake.conftest import NewWarehouse


def test_a_second_import_replaces_the_first(new_warehouse: NewWarehouse, study: Study, tmp_path: Path) -> None:  # noqa: F811
    warehouse, file = new_warehouse("imports"), tmp_path / "brought.csv"
    warehouse.prepare()
    for statement in filter(str.strip, CORPUS.split(";")):
        warehouse.write(lambda connection, sql=statement: connection.execute(sql).fetchall())
    file.write_text("persona_id,persona_text,seed_user_id\nz,I like oil.,ann\na,I like cream.,\n")
    import_personas(warehouse, study, file, population="brought", split="Beauty")
    for rating in (5, 2):
        file.write_text(f"persona_id,item_id,rating\nz,i1,{rating}\na,i2,1\n")
        (done,) = import_ratings(warehouse, study, file, population="brought", split="Beauty")
        assert (done.n_rows, done.n_personas, done.n_seeded, done.n_probe_ratings) == (2, 2, 1, 2)
    settings = study.population("brought")
    rows = write_population(warehouse, study, settings, None, split="Beauty", code_version="1", log=print)
    warehouse.replace_slice("ml.personas", rows, where={"split": "Beauty", "population": "brought"})
    answers = take_imported_ratings(warehouse, study, settings, split="Beauty", code_version="1")
    assert answers.select(["persona_id", "item_id", "rating"]).to_pylist() == [
        {"persona_id": "a", "item_id": "i2", "rating": 1},
        {"persona_id": "z", "item_id": "i1", "rating": 2},
    ]
    assert warehouse.rows("select kind, n_rows from raw.imports order by kind") == [("personas", 2), ("ratings", 2)]
