"""What a file leads to: it takes the place of what was imported before."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.fingerprints import imports_fingerprint
from python_assets.imports import ImportFileError, import_personas, import_ratings
from python_assets.personas.population import write_population
from python_assets.raters.population import take_imported_ratings
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from tests.imports.conftest import ANSWERS, TEXTS


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
