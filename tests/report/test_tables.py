"""What stands in the tables and at the foot of the page, row by row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from python_assets.report import page, tables
from python_assets.report.clouds import Cloud
from python_assets.report.data import ReportData, read_tables
from python_assets.report.details import LONGEST_EXAMPLE, details_context
from python_assets.warehouse import Warehouse
from tests.report.support import AT, fill
from tests.report.world import GROUNDED, PERFECT, SEED, Instrument, World


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Three personas with an encoder of the study's seed and its retest."""
    world = World(instruments={"paper": Instrument()}, populations=(replace(GROUNDED, n=3), replace(PERFECT, n=3)))
    made = fill(tmp_path_factory.mktemp("tables") / "w.duckdb", world)

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"update ml.encoder_runs set seed = {SEED + 1} where seed <> {SEED}")
        connection.execute("update ml.ratings set created_at = created_at + interval 1 day where item_id = 'item0'")

    made.write(change)
    return made


@pytest.fixture(scope="module")
def data(warehouse: Warehouse) -> ReportData:
    with warehouse.connect() as connection:
        return read_tables(connection)


def test_each_metric_says_which_way_is_better(data: ReportData) -> None:
    table = tables.metrics_table(data)
    assert [(heading.label, heading.small) for heading in table.headings] == [
        ("Coverage", "↑"),
        ("FPD", "×10⁻³ ↓"),
        ("MMD", "×10⁻³ ↓"),
        ("SWD", "×10⁻³ ↓"),
        ("Cosine", "→ floor"),
        ("p of MMD", ""),
        ("n", "a draw"),
    ]
    lines = {line.population.name: line.cells for group in table.groups for line in group.lines}
    assert [cell.text for cell in lines["grounded_smollm2"]][-2:] == ["0.002", "126"]


def test_each_column_of_the_fidelity_table_is_its_own(data: ReportData) -> None:
    names = ("coverage", "fgi_coverage", "fgi_mmd", "fgi_fpd", "fgi_swd", "cos_mean", "matched_real_cos_mean")
    names = (
        *names,
        "norm_ratio",
        "pair_cosine_distance",
        "rank_accuracy",
        "rank_accuracy_of_others",
        "rating_correlation",
    )
    numbers = {name: 1 + number / 100 for number, name in enumerate(names)} | {"n_personas": 7, "n_unplaceable": 2}
    table = tables.fidelity_table(replace(data, fidelity=[data.fidelity[0] | numbers]))
    (line,) = table.groups[0].lines
    printed = [float(cell.text) for cell in line.cells]
    assert printed == pytest.approx([*(numbers[name] for name in names), 7, 2])


def test_a_control_that_became_a_persona_has_one_row_a_split(tmp_path: Path) -> None:
    """As after `run --split All_Beauty`: the other split has the scores of the former control."""
    made = fill(tmp_path / "w.duckdb", World(splits=("All_Beauty", "Software"), instruments={"paper": Instrument()}))
    with made.connect(read_only=False) as connection:
        for table in ("population_metrics", "fidelity", "fgi"):
            connection.execute(
                f"update results.{table} set source = 'control', condition = 'control'"
                " where population = 'grounded_smollm2' and split = 'Software'"
            )
        rows = read_tables(connection).fidelity
    sources = [(row["split"], row["source"]) for row in rows if row["population"] == "grounded_smollm2"]
    assert sources == [("All_Beauty", "persona"), ("Software", "control")]


def test_the_studys_own_encoder_stands_before_its_retests(data: ReportData) -> None:
    assert [(row["seed"], row["is_primary"]) for row in data.encoders] == [(SEED, True), (SEED + 1, False)]


def test_answers_are_dated_from_the_first_to_the_last(data: ReportData) -> None:
    dates = {(row["first_at"], row["last_at"]) for row in data.made_by}
    assert dates == {(AT, AT.replace(day=AT.day + 1))}


def test_expected_ratings_that_differ_are_not_constant(tmp_path: Path) -> None:
    world = World(instruments={"paper": Instrument()}, populations=(replace(GROUNDED, n=3),), n_users=5)
    warehouse = fill(tmp_path / "w.duckdb", world)
    with warehouse.connect(read_only=False) as connection:
        graded = "elicitation = 'expected', rating = 3, expected_rating = 3 + ascii(right(item_id, 1)) / 1000"
        connection.execute(f"update ml.ratings set {graded}, status = 'ok'")
        connection.execute("update raw.populations set elicitation = 'expected'")
        (answers,) = read_tables(connection).answers
    assert (answers["n_constant"], answers["counts"]) == (0, [0, 0, 30, 0, 0])
    assert 3.04 < answers["mean"] < 3.06


def test_users_without_a_pair_are_counted(data: ReportData) -> None:
    (users,) = data.users
    assert (users["n_users"], users["n_without_pairs"], users["median_reviews"]) == (80, 2, 10)
    assert "80 real users" in page.answers_context(data)["split_answers"][0]["corpus"]
    assert "at most 20 preference pairs" in page.answers_context(data)["split_answers"][0]["corpus"]


def test_a_population_has_two_examples_and_a_long_one_is_cut(data: ReportData) -> None:
    assert [row["population"] for row in data.examples] == ["grounded_smollm2"] * 2
    long = replace(data, examples=[data.examples[0] | {"persona_text": "word " * LONGEST_EXAMPLE}])
    (example,) = details_context(long)["examples"]
    (paragraph,) = example["paragraphs"]
    assert paragraph.endswith("word …")
    assert len(paragraph) <= LONGEST_EXAMPLE + 2


@pytest.mark.parametrize(("users", "wanted"), [("with_pairs", True), ("all", False)])
def test_the_map_shows_the_users_that_were_compared(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, users: str, wanted: bool
) -> None:
    asked = []

    def read_clouds(connection: duckdb.DuckDBPyConnection, *, with_pairs: bool) -> list[Cloud]:
        asked.append(with_pairs)
        return []

    monkeypatch.setattr(page, "read_clouds", read_clouds)
    settings = (
        f"""update raw.study set settings = json_merge_patch(settings, '{{"metrics": {{"users": "{users}"}}}}')"""
    )
    warehouse.write(lambda connection: connection.execute(settings).fetchall())
    page.build_report(warehouse, tmp_path / "report.html")
    assert asked == [wanted]
