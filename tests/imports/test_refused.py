"""What an import refuses: nothing changes, and one sentence says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.imports import ImportFileError, import_personas, import_ratings
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from tests.imports.conftest import ANSWERS, TEXTS

RATINGS_THAT_FAIL = {
    "z,i1,5\nz,i1,4": "Row 2 of .* repeats the persona_id and item_id z and i1",
    "z,i1,6": "Row 1 .* has the rating 6: give a number from 1 to 5",
    "z,i1,5\nz,i2,good\nz,i3,nan": r"Row 2 .* has the rating good: .* \(1 more rows are like it\)",
    "z,i1,2.5": "Row 1 .* rating 2.5, which is no whole number: write `elicitation: expected`",
    "z,i1,": "Row 1 .* has no rating",
    ",i1,5": "Row 1 .* has no persona_id",
    "z,other,5": "No item of .* is a probe of Beauty: .*shows which items to rate",
    "stranger,i1,5": "Row 1 .* rates as persona stranger, who is not among the imported personas",
}


@pytest.mark.parametrize(("lines", "words"), RATINGS_THAT_FAIL.items())
def test_a_bad_row_is_named_and_nothing_changes(
    warehouse: Warehouse, study: Study, file: Path, lines: str, words: str
) -> None:
    file.write_text(TEXTS)
    import_personas(warehouse, study, file, population="brought", split="Beauty")
    file.write_text(ANSWERS)
    import_ratings(warehouse, study, file, population="brought", split="Beauty")
    before = warehouse.rows("from raw.imported_ratings order by all"), warehouse.rows("from raw.imports order by all")
    file.write_text(f"persona_id,item_id,rating\n{lines}\n")
    with pytest.raises(ImportFileError, match=words):
        import_ratings(warehouse, study, file, population="brought", split="Beauty")
    after = warehouse.rows("from raw.imported_ratings order by all"), warehouse.rows("from raw.imports order by all")
    assert after == before


LONG = "x" * 1_000_000
SENTENCES_OF_LONG_VALUES = {
    f"{LONG},i1,5,": r"has more than 100,000 bytes as persona_id \(x+\.\.\.\): shorten it",
    f"z,{LONG},5,": "has more than 100,000 bytes as item_id",
    f"z,i1,{'9' * len(LONG)},": r"has the rating 9+\.\.\.: give a number",
    f"z,i1,5,{LONG}": r"is of the split x+\.\.\., which the study does not have: it has Beauty, Games",
    "z,i1,5,$splits": r"is of the split \$splits, which",
    "z,i1,5,{splits}": r"is of the split \{splits\}, which",
    f"{LONG[:99_999]},i1,5,Beauty\n{LONG[:99_999]},i1,4,Beauty": r"Row 2 .* repeats the persona_id and item_id x+\.\.\.: keep one",
}


@pytest.mark.parametrize("lines", SENTENCES_OF_LONG_VALUES, ids=range(len(SENTENCES_OF_LONG_VALUES)))
def test_a_sentence_shows_the_beginning_of_a_long_value(
    warehouse: Warehouse, study: Study, file: Path, lines: str
) -> None:
    file.write_text(f"persona_id,item_id,rating,split\n{lines}\n")
    with pytest.raises(ImportFileError, match=SENTENCES_OF_LONG_VALUES[lines]) as error:
        import_ratings(warehouse, study, file, population="brought", split="Beauty")
    assert len(str(error.value)) < 400
    file.write_text(f"{LONG},item_id,rating\na,i1,5\n")
    with pytest.raises(ImportFileError, match=r"and has item_id, rating, x+\.\.\.\.$"):
        import_ratings(warehouse, study, file, population="brought", split="Beauty")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("z,i1,5,nobody", "names the seed user nobody, who is no user of that split's corpus"),
        ("z,i1,5,ann\nz,i2,4,bob", "Row 2 .* gives persona z another seed_user_id than before"),
        ("z,i1,5,bob", "gives persona z another seed_user_id than the imported persona has"),
    ],
)
def test_seed_users_are_looked_up(warehouse: Warehouse, study: Study, file: Path, lines: str, words: str) -> None:
    if "than the imported" in words:
        file.write_text(TEXTS)
        import_personas(warehouse, study, file, population="brought", split="Beauty")
    file.write_text(f"persona_id,item_id,rating,seed_user_id\n{lines}\n")
    with pytest.raises(ImportFileError, match=words):
        import_ratings(warehouse, study, file, population="brought", split="Beauty")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("z,one,\nz,two,", "Row 2 .* repeats the persona_id z"),
        ("z,,", "Row 1 .* has no persona_text"),
        ("z,one,nobody", "names the seed user nobody"),
    ],
)
def test_bad_personas(warehouse: Warehouse, study: Study, file: Path, lines: str, words: str) -> None:
    file.write_text(f"persona_id,persona_text,seed_user_id\n{lines}\n")
    with pytest.raises(ImportFileError, match=words):
        import_personas(warehouse, study, file, population="brought", split="Beauty")
    assert warehouse.rows("from raw.imported_personas") == []


@pytest.mark.parametrize(
    ("personas", "words"),
    [
        ("a,I like oil.,", "brought.csv leaves out persona y, whose .*--withdraw` .1 more personas are like it"),
        ("a,one,\ny,two,bob\nz,three,bob", "Row 3 .* persona z another seed_user_id than its imported answers have"),
        ("a,one,\ny,two,bob\nz,three,", "Row 3 .* persona z another seed_user_id than its imported answers have"),
    ],
)
def test_personas_that_do_not_fit_the_answers_that_are_there(
    warehouse: Warehouse, study: Study, file: Path, personas: str, words: str
) -> None:
    file.write_text("persona_id,item_id,rating,seed_user_id\nz,i1,5,ann\nz,i2,5,ann\ny,i1,4,\na,i1,3,\n")
    import_ratings(warehouse, study, file, population="brought", split="Beauty")
    file.write_text(f"persona_id,persona_text,seed_user_id\n{personas}\n")
    with pytest.raises(ImportFileError, match=words):
        import_personas(warehouse, study, file, population="brought", split="Beauty")
    assert warehouse.rows("from raw.imported_personas") == []
    # Other populations and splits are no matter.
    import_personas(warehouse, study, file, population="rated_here", split="Beauty")
    file.write_text("persona_id,persona_text,seed_user_id\nother,I play.,\n")
    import_personas(warehouse, study, file, population="brought", split="Games")


@pytest.mark.parametrize(
    ("population", "split", "words"),
    [
        ("none", "Beauty", "has no population none .*: add `- {name: none, condition: imported"),
        ("made_here", "Beauty", r"made_here is made here \(grounded\)"),
        ("rated_here", "Beauty", "rated_here is rated here by transformers: write `rater: {backend: imported}`"),
        ("brought", None, r"does not say which split its rows are of: give --split \(Beauty, Games\)"),
        ("brought", "Toys", "is of the split Toys, which the study does not have: it has Beauty, Games"),
    ],
)
def test_what_the_study_does_not_expect(
    warehouse: Warehouse, study: Study, file: Path, population: str, split: str | None, words: str
) -> None:
    file.write_text(ANSWERS)
    with pytest.raises(ImportFileError, match=words):
        import_ratings(warehouse, study, file, population=population, split=split)


def test_a_warehouse_without_a_corpus(tmp_path: Path, study: Study, file: Path) -> None:
    empty = Warehouse(tmp_path / "empty.duckdb")
    empty.prepare()
    file.write_text(ANSWERS)
    with pytest.raises(ImportFileError, match=r"has no corpus and no probes yet: .*--until prepare"):
        import_ratings(empty, study, file, population="brought", split="Beauty")


@pytest.mark.parametrize(("categories", "refused"), [(None, True), ("Beauty", True), ("Beauty|Games", False)])
def test_a_split_that_is_new_or_has_other_categories_is_to_be_prepared(
    warehouse: Warehouse, study: Study, file: Path, categories: str | None, refused: bool
) -> None:
    """With a seed user of it, who is in no corpus yet, and answers to what will be its probes."""
    both = study.model_copy(update={"splits": study.splits | {"Both": ["Games", "Beauty"]}})
    probes = "select 'Both' as split, 'i1' as item_id, 1 as probe_number, $categories as categories where $categories is not null"
    warehouse.write(
        lambda connection: connection.execute(
            f"create or replace table probes.probe_items as from probes.probe_items union all by name {probes}",
            {"categories": categories},
        ).fetchall()
    )
    seed = "new" if refused else ""
    for read, text in (
        (import_ratings, f"persona_id,item_id,rating,seed_user_id\nz,i1,5,{seed}\n"),
        (import_personas, f"persona_id,persona_text,seed_user_id\nz,I like oil.,{seed}\n"),
    ):
        file.write_text(text)
        if not refused:
            assert read(warehouse, both, file, population="brought", split="Both")[0].n_rows == 1
            continue
        with pytest.raises(
            ImportFileError, match=r"Split Both is not prepared yet with the categories .*--until prepare"
        ):
            read(warehouse, both, file, population="brought", split="Both")
