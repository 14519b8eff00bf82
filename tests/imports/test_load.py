"""A file takes the place of what was imported before, or nothing changes and one sentence says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.imports import ImportFileError, import_personas, import_ratings
from python_assets.personas.population import write_population
from python_assets.raters.population import take_imported_ratings
from python_assets.stages import imports_fingerprint
from python_assets.study import Study
from python_assets.warehouse import Warehouse

TEXTS = "persona_id,persona_text,seed_user_id\nz,I like oil.,ann\na,I like cream.,\n"
ANSWERS = "persona_id,item_id,rating\nz,i1,+5\nz,i2,1.0\na,i1, 3\na,other,2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "brought.csv"


def personas_of(warehouse: Warehouse, study: Study, population: str, split: str = "Beauty") -> list[tuple[object, ...]]:
    rows = write_population(
        warehouse, study, study.population(population), None, split=split, code_version="1", log=print
    )
    warehouse.replace_slice("ml.personas", rows, where={"split": split, "population": population})
    return [(row["persona_id"], row["seed_user_id"], row["persona_text"], row["flags"]) for row in rows.to_pylist()]


def ratings_of(warehouse: Warehouse, study: Study, population: str, split: str = "Beauty") -> list[tuple[object, ...]]:
    rows = take_imported_ratings(warehouse, study, study.population(population), split=split, code_version="1")
    return [(row["persona_id"], row["item_id"], row["rating"], row["expected_rating"]) for row in rows.to_pylist()]


def test_personas_become_rows_in_the_order_of_the_file(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text(TEXTS)
    (done,) = import_personas(warehouse, study, file, population="rated_here", split="Beauty")
    assert (done.split, done.n_rows, done.n_personas, done.n_seeded, done.n_probes) == ("Beauty", 2, 2, 1, None)
    assert personas_of(warehouse, study, "rated_here") == [
        ("z", "ann", "I like oil.", []),
        ("a", None, "I like cream.", []),
    ]


def test_a_persona_whose_user_left_the_corpus_stands_for_nobody(
    warehouse: Warehouse, study: Study, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TEXTS)
    import_personas(warehouse, study, file, population="rated_here", split="Beauty")
    warehouse.write(lambda connection: connection.execute("delete from corpus.users where user_id = 'ann'").fetchall())
    assert [persona[:2] for persona in personas_of(warehouse, study, "rated_here")] == [("z", None), ("a", None)]
    assert "1 imported personas stand for users who are not in the corpus any more" in capsys.readouterr().out


def test_answers_alone_make_personas_without_a_text(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating,seed_user_id\nz,i1,5,ann\nz,i2,1,ann\na,i1,3,\na,other,2,\n")
    (done,) = import_ratings(warehouse, study, file, population="brought", split="Beauty")
    assert (done.n_rows, done.n_personas, done.n_seeded, done.n_probe_ratings, done.n_probes) == (4, 2, 1, 3, 4)
    assert personas_of(warehouse, study, "brought") == [("z", "ann", None, []), ("a", None, None, [])]
    assert ratings_of(warehouse, study, "brought") == [("a", "i1", 3, 3.0), ("z", "i1", 5, 5.0), ("z", "i2", 1, 1.0)]


def test_answers_join_the_personas_that_were_imported(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text(TEXTS)
    import_personas(warehouse, study, file, population="brought", split="Beauty")
    file.write_text(ANSWERS)
    (done,) = import_ratings(warehouse, study, file, population="brought", split="Beauty")
    assert done.n_seeded == 1
    assert personas_of(warehouse, study, "brought")[0] == ("z", "ann", "I like oil.", [])
    assert len(ratings_of(warehouse, study, "brought")) == 3


def test_a_population_takes_no_more_than_its_size(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating\n" + "".join(f"p{n},i1,{1 + n % 5}\n" for n in range(5)))
    (done,) = import_ratings(warehouse, study, file, population="brought", split="Beauty")
    assert done.n_personas == 5
    assert [persona for persona, *_ in personas_of(warehouse, study, "brought")] == ["p0", "p1", "p2"]
    assert [persona for persona, *_ in ratings_of(warehouse, study, "brought")] == ["p0", "p1", "p2"]


def test_graded_answers_keep_their_fractions(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating\nz,i1,4.5\nz,i2,2.25\n")
    import_ratings(warehouse, study, file, population="graded", split="Beauty")
    personas_of(warehouse, study, "graded")
    assert ratings_of(warehouse, study, "graded") == [("z", "i1", 5, 4.5), ("z", "i2", 2, 2.25)]


def test_graded_answers_are_not_rounded_when_the_study_asks_for_whole_numbers_later(
    warehouse: Warehouse, study: Study, file: Path
) -> None:
    file.write_text("persona_id,item_id,rating\nz,i1,4.5\nz,i2,2\n")
    import_ratings(warehouse, study, file, population="graded", split="Beauty")
    personas_of(warehouse, study, "graded")
    graded = study.population("graded")
    likert = graded.model_copy(update={"rater": graded.rater.model_copy(update={"elicitation": "likert"})})
    with pytest.raises(
        ImportFileError, match=r"^1 imported answers of graded on Beauty are no whole numbers, such as 4\.5: write"
    ):
        take_imported_ratings(warehouse, study, likert, split="Beauty", code_version="1")


def test_one_file_of_several_splits(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating,split\nz,i1,5,Beauty\nz,g1,2,Games\n")
    done = import_ratings(warehouse, study, file, population="brought")
    assert [(part.split, part.n_rows) for part in done] == [("Beauty", 1), ("Games", 1)]


def test_a_persona_of_two_splits_may_stand_for_a_user_of_each(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,persona_text,seed_user_id,split\nz,I like oil.,ann,Beauty\nz,I play.,bob,Games\n")
    import_personas(warehouse, study, file, population="brought")
    file.write_text("persona_id,item_id,rating,seed_user_id,split\nz,i1,5,ann,Beauty\nz,g1,2,bob,Games\n")
    done = import_ratings(warehouse, study, file, population="brought")
    assert [(part.split, part.n_seeded) for part in done] == [("Beauty", 1), ("Games", 1)]
    file.write_text("persona_id,item_id,rating,seed_user_id\nz,g1,2,ann\n")
    with pytest.raises(ImportFileError, match="names the seed user ann, who is no user of that split's corpus"):
        import_ratings(warehouse, study, file, population="brought", split="Games")


def test_a_user_of_several_splits_makes_one_persona(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,persona_text,seed_user_id\nz,I like oil.,bob\n")
    import_personas(warehouse, study, file, population="rated_here", split="Beauty")
    assert personas_of(warehouse, study, "rated_here") == [("z", "bob", "I like oil.", [])]


def test_personas_of_another_population_are_others(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text(TEXTS)
    import_personas(warehouse, study, file, population="rated_here", split="Beauty")
    file.write_text("persona_id,item_id,rating,seed_user_id\nz,i1,5,bob\n")
    (done,) = import_ratings(warehouse, study, file, population="brought", split="Beauty")
    assert (done.n_personas, done.n_seeded) == (1, 1)


def test_a_probe_of_another_split_is_none_of_this(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating\nz,i1,5\nz,g1,2\n")
    (done,) = import_ratings(warehouse, study, file, population="brought", split="Beauty")
    assert (done.n_rows, done.n_probe_ratings, done.n_probes) == (2, 1, 4)


def test_a_second_file_replaces_the_first_of_its_split_only(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating,split\nz,i1,5,Beauty\nz,g1,2,Games\n")
    import_ratings(warehouse, study, file, population="brought")
    prints = {split: imports_fingerprint(warehouse, split, "brought") for split in study.splits}
    file.write_text("persona_id,item_id,rating\ny,i3,4\n")
    import_ratings(warehouse, study, file, population="brought", split="Beauty")
    assert warehouse.rows("select split, persona_id, item_id from raw.imported_ratings order by all") == [
        ("Beauty", "y", "i3"),
        ("Games", "z", "g1"),
    ]
    assert imports_fingerprint(warehouse, "Beauty", "brought") != prints["Beauty"]
    assert imports_fingerprint(warehouse, "Games", "brought") == prints["Games"]
    assert warehouse.rows("select split, kind, n_rows from raw.imports order by all") == [
        ("Beauty", "ratings", 1),
        ("Games", "ratings", 1),
    ]


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


def test_a_user_who_left_the_corpus_need_not_be_named_again(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating,seed_user_id\nz,i1,5,ann\nz,i2,1,ann\n")
    import_ratings(warehouse, study, file, population="brought", split="Beauty")
    warehouse.write(lambda connection: connection.execute("delete from corpus.users where user_id = 'ann'").fetchall())
    file.write_text("persona_id,persona_text,seed_user_id\nz,one,\n")
    import_personas(warehouse, study, file, population="brought", split="Beauty")
    assert personas_of(warehouse, study, "brought") == [("z", None, "one", [])]


def test_personas_that_fit_may_come_after_their_answers(warehouse: Warehouse, study: Study, file: Path) -> None:
    file.write_text("persona_id,item_id,rating,seed_user_id\nz,i1,5,ann\na,i1,3,\n")
    import_ratings(warehouse, study, file, population="brought", split="Beauty")
    file.write_text(TEXTS + "more,I rate nothing.,\n")
    (done,) = import_personas(warehouse, study, file, population="brought", split="Beauty")
    assert done.n_personas == 3
    personas_of(warehouse, study, "brought")
    assert len(ratings_of(warehouse, study, "brought")) == 2


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
