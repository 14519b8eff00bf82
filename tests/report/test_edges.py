"""Worlds where something is missing, hostile, or much."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from python_assets.report import build_report
from python_assets.report.clouds import read_clouds, read_distances
from python_assets.report.data import read_tables
from python_assets.warehouse import Warehouse
from tests.report.html_checks import Page, words_in
from tests.report.support import fill
from tests.report.world import CONSTANT, GROUNDED, PERFECT, Instrument, Personas, World

EPOCHS = 5
HOSTILE = "<script>alert(1)</script> </text></svg> $x_{1}$ font: 8px \"a'b & {{ 7 * 7 }}"


def page_of(tmp_path: Path, world: World) -> Page:
    return Page(report(tmp_path, fill(tmp_path / "w.duckdb", world)))


def report(tmp_path: Path, warehouse: Warehouse) -> str:
    return build_report(warehouse, tmp_path / "report.html", map_epochs=EPOCHS).read_text(encoding="utf-8")


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    personas = replace(GROUNDED, name=HOSTILE, text=HOSTILE, model=HOSTILE, flags=(HOSTILE,))
    warehouse = fill(tmp_path / "w.duckdb", World(splits=(HOSTILE,), populations=(personas, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update raw.rejected_rows set reason = ?", [HOSTILE])
        connection.execute("update raw.ingested_files set path = 'x' || ? where kind = 'items'", [HOSTILE])
        connection.execute("update ml.personas set seed_user_id = ?", [HOSTILE])
        connection.execute("update raw.study set name = ?", [HOSTILE])
    html = report(tmp_path, warehouse)
    page = Page(html)
    assert "<script" not in html
    assert not page.all("script")
    assert "{{ 7 * 7 }}" in page.text
    assert page.text.count("<script>alert(1)</script>") > 10


def test_many_files_of_a_category_are_one_row(tmp_path: Path) -> None:
    warehouse = fill(tmp_path / "w.duckdb", World())
    with warehouse.connect(read_only=False) as connection:
        connection.execute(
            "insert into raw.ingested_files by name"
            " select * exclude (n) replace ('nights/' || n || '.jsonl' as path, 'Books' as category, 10 as n_read, 10 as n_accepted,"
            " 0 as n_rejected, 0 as n_duplicate, 0 as n_corrected)"
            " from (select files.*, n from raw.ingested_files as files, range(1500) as nights (n)"
            " where kind = 'reviews')"
        )
    text = Page(report(tmp_path, warehouse)).text
    assert "1,500 files reviews Books amazon_2023 15,000 15,000 0 0 0 in raw.ingested_files" in text
    assert "1499.jsonl" not in text
    assert "reviews.jsonl.gz reviews All_Beauty" in text


def test_without_an_llm_population_there_is_nobody_to_judge(tmp_path: Path) -> None:
    page = page_of(tmp_path, World(populations=(PERFECT, CONSTANT)))
    assert "no LLM population, only controls" in page.text
    assert "In short" not in page.text
    assert "There is no persona text in this study" in page.text
    assert "There is no gap to take apart" in page.text


def test_a_population_that_has_no_place_at_all(tmp_path: Path) -> None:
    personas = replace(GROUNDED, unplaceable=60, ratings=(1, 0, 0, 0, 0))
    page = page_of(tmp_path, World(populations=(personas, PERFECT)))
    assert "60 of 60 personas have no place among the real users" in page.text
    assert "It answers 1 to everything." in page.text
    assert re.search(r"grounded_smollm2 grounded, smollm2-135m-instruct (– ){12}60 60", page.text)
    assert "no place" in page.text


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ("delete from ml.ratings where population = 'grounded_smollm2'", "and none has been asked yet."),
        (
            "delete from ml.ratings where population = 'grounded_smollm2' and item_id <> 'item0'",
            "because they gave fewer than two answers that could be read.",
        ),
        (
            "update ml.ratings set rating = 3 + ascii(right(item_id, 1)) % 2 where population = 'grounded_smollm2'",
            "because they gave no two answers that differ by the study's min_gap of 2.",
        ),
    ],
)
def test_a_population_is_only_called_constant_where_it_is(tmp_path: Path, answers: str, words: str) -> None:
    nowhere = replace(GROUNDED, unplaceable=60)
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(nowhere, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update raw.populations set pair_gap = 2")
        connection.execute(answers)
    text = Page(report(tmp_path, warehouse)).text
    assert "In short: cannot be told." in text
    assert f"60 of 60 personas have no place among the real users, {words}" in text
    assert "rate everything alike and so" not in text


def test_the_note_on_some_unplaced_personas_says_why(tmp_path: Path) -> None:
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(replace(GROUNDED, unplaceable=12), PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute(
            "delete from ml.ratings where population = 'grounded_smollm2' and persona_id in"
            " (select persona_id from ml.persona_embeddings where population = 'grounded_smollm2' and not placed)"
        )
    text = Page(report(tmp_path, warehouse)).text
    assert "12 of 60 personas (20%) have no place, because they were asked nothing; the scores are those" in text


def test_nobody_is_placed_and_no_figure_fails(tmp_path: Path) -> None:
    personas = replace(GROUNDED, unplaceable=60, ratings=(1, 0, 0, 0, 0))
    page = page_of(tmp_path, World(populations=(personas, CONSTANT)))
    assert "There is nothing to draw: no placed persona has a seed user." in page.text
    assert "There is nothing to draw: no population has a norm ratio." in page.text


def test_without_a_perfect_rater_and_a_retest_nobody_knows(tmp_path: Path) -> None:
    unchecked = {"paper": Instrument(verdict="unknown", retest=None, perfect=None, ignorant=None)}
    page = page_of(tmp_path, World(instruments=unchecked, populations=(GROUNDED,)))
    assert "add a control population with backend: perfect" in page.text
    assert "Without a perfect rater that has a place nobody can say whose the gap is." in page.text


def test_a_perfect_rater_without_a_place_is_not_called_missing(tmp_path: Path) -> None:
    unchecked = {"paper": Instrument(verdict="unknown", retest=None, perfect=None, ignorant=None)}
    nowhere = replace(PERFECT, coverage={}, unplaceable=PERFECT.n)
    page = page_of(tmp_path, World(instruments=unchecked, populations=(GROUNDED, nowhere)))
    assert (
        "The study's perfect rater has no place in this split (nobody there has enough reviews, or it has not been scored)"
        in page.text
    )
    assert "since the study's perfect rater has no place in this split" in page.text
    assert "There is no perfect rater in the study" not in page.text


def test_where_noise_does_as_well_as_real_users_the_index_has_no_scale(tmp_path: Path) -> None:
    nowhere = replace(GROUNDED, name="nowhere", unplaceable=60)
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(GROUNDED, nowhere)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update results.fgi set fgi = null where metric = 'swd'")
        connection.execute("update results.fidelity set fgi_swd = null")
        connection.execute("delete from results.fgi where metric = 'mmd'")
    html = report(tmp_path, warehouse)
    # Personas, the ignorant rater and three synthetic populations; the fifth population is nowhere.
    assert words_in(html, "figure2") == {"too few": 5, "no place": 4, "no scale": 5}
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update results.fgi set fgi = null")
    assert (
        "There is no FGI to draw: nobody was scored, or noise does no worse" in Page(report(tmp_path, warehouse)).text
    )


def test_an_index_without_anchors_that_can_be_told_apart_is_said_to_be_missing(tmp_path: Path) -> None:
    few = replace(GROUNDED, coverage={"paper": 0.9})
    warehouse = fill(tmp_path / "w.duckdb", World(instruments={"paper": Instrument()}, populations=(few, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update results.fgi set n = 8 where population = 'grounded_smollm2'")
        connection.execute("update results.fgi set fgi = null, anchors_apart = false where metric in ('swd', 'fpd')")
        connection.execute("update results.fgi set fgi = null where metric = 'mmd'")
    html = report(tmp_path, warehouse)
    text = Page(html).text
    assert "There is no FGI of FPD and SWD: floor and ceiling cannot be told apart at n = 8." in text
    # By either anchor: coverage, then FPD, MMD and SWD.
    assert re.search(r"grounded_smollm2 0\.054 – not apart – no scale – not apart 0\.054", text)
    (figure,) = re.findall(r'<figure id="figure2">.*?</figure>', html, flags=re.S)
    # Personas, two controls and three synthetic populations, by two metrics.
    assert len(re.findall(r"<text[^>]*>\s*not apart\s*</text>", figure)) == 12


def test_unread_answers_are_reported(tmp_path: Path) -> None:
    page = page_of(tmp_path, World(populations=(replace(GROUNDED, unread=0.3, n=50), PERFECT)))
    assert re.search(r"(29|30|31)\.\d% of the answers could not be read as a rating", page.text)


def test_a_split_that_is_not_built_yet_is_still_named(tmp_path: Path) -> None:
    warehouse = fill(tmp_path / "w.duckdb", World(splits=("All_Beauty", "Software")))
    with warehouse.connect(read_only=False) as connection:
        for schema in ("results", "ml", "corpus", "probes"):
            tables = connection.execute(
                "select table_name from information_schema.columns where table_schema = ? and column_name = 'split'",
                [schema],
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"delete from {schema}.{table} where split = 'Software'")
    page = Page(report(tmp_path, warehouse))
    assert "no persona of this population has been measured in this split yet" in page.text.lower()
    assert "It has not been checked in this split." in page.text


def test_what_a_former_rater_answered_says_nothing_of_one_that_failed(tmp_path: Path) -> None:
    constant = replace(GROUNDED, unplaceable=60, ratings=(1, 0, 0, 0, 0))
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(constant, PERFECT)))
    failed = "where population = 'grounded_smollm2'"
    with warehouse.connect(read_only=False) as connection:
        connection.execute(f"update raw.populations set model = 'the-present' {failed}")
        for table in ("ml.paired_scores", "results.fidelity", "results.population_metrics", "results.fgi"):
            connection.execute(f"delete from {table} {failed}")
    text = Page(report(tmp_path, warehouse)).text
    assert "No persona of this population has been measured in this split yet." in text
    assert "It answers 1 to everything." not in text
    assert "smollm2-135m-instruct" not in text


def test_what_was_taken_out_of_the_study_is_not_shown(tmp_path: Path) -> None:
    warehouse = fill(tmp_path / "w.duckdb", World(splits=("All_Beauty", "Software")))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("delete from raw.populations where population = 'grounded_smollm2'")
        connection.execute("delete from raw.instruments where instrument = 'paper'")
        connection.execute("delete from raw.splits where split = 'Software'")
        connection.execute("update ml.ratings set model = 'former' where split = 'Software' or instrument = 'paper'")
        # The results' own models leave it out, too (models/results/population_metrics.yml).
        for table in ("population_metrics", "fidelity", "fgi", "gap_decomposition"):
            connection.execute(f"delete from results.{table} where population = 'grounded_smollm2'")
        for table in ("population_metrics", "fidelity", "fgi", "gap_decomposition", "instrument_reliability"):
            connection.execute(f"delete from results.{table} where split = 'Software' or instrument = 'paper'")
        assert connection.sql("from ml.ratings where population = 'grounded_smollm2'").fetchone()
        assert {cloud.instrument for cloud in read_clouds(connection, with_pairs=False)} == {"calibrated"}
        assert "grounded_smollm2" not in {row.population for row in read_distances(connection)}
        tables = read_tables(connection)
    for rows in (tables.encoders, tables.placed, tables.answers, tables.examples):
        assert not [row for row in rows if row.get("split") == "Software" or row.get("instrument") == "paper"]
        assert not [row for row in rows if row.get("population") == "grounded_smollm2"]
    assert tables.made_by
    for row in tables.made_by:
        assert row["population"] != "grounded_smollm2"
        assert row["model"] != "former"
    assert "I buy hair care" not in Page(report(tmp_path, warehouse)).text


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Page:
    many = tuple(
        Personas(f"population_number_{i}_of_a_long_name", coverage={"paper": 0.1 * i, "calibrated": 0.1 * i}, n=12)
        for i in range(8)
    )
    world = World(splits=("Books", "Games", "Combined"), populations=(*many, PERFECT), n_users=30)
    return page_of(tmp_path_factory.mktemp("crowd"), world)


def test_the_ignorant_rater_is_a_control_not_a_population_to_judge(tmp_path: Path) -> None:
    page = page_of(tmp_path, World(populations=(GROUNDED, PERFECT)))
    assert "In short: not faithful." in page.text
    assert not [text for text in page.texts if text.strip() == "ignorant_rater"]


def test_many_splits_and_populations_get_one_glance_table(crowd: Page) -> None:
    assert "In short, of 24 answers" in crowd.text
    assert "At a glance" in crowd.text
    assert crowd.text.index("Books") < crowd.text.index("Games") < crowd.text.index("Combined")
    glance = crowd.text[: crowd.text.index("Of the real users drawn at a time")]
    assert glance.count("instrument calibrated") == 24
    assert re.search(r"on \w+, instrument \w+, rank accuracy 0.74\) reach", crowd.text)


def test_few_placed_personas_are_pointed_out(crowd: Page) -> None:
    assert "Only 12 personas have a place: read every number here with care." in crowd.text
