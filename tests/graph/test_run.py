"""The whole graph through the installed command: tables, lineage, a second run, and reading it all back."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs.checks import RULES
from tests.graph.conftest import Finished, run_command

TABLES = {
    "raw.ingested_files": ["path", "sha256", "batch_id", "n_read", "n_accepted", "n_rejected", "n_duplicate"],
    "raw.rejected_rows": ["file", "line_number", "reason", "excerpt"],
    "corpus.interactions": ["split", "user_id", "item_id", "rating", "reviewed_at", "position", "fold"],
    "corpus.preference_pairs": ["split", "user_id", "preferred_item_id", "other_item_id", "rating_gap", "fold"],
    "probes.probe_items": ["split", "item_id", "band", "probe_number"],
    "ml.encoder_runs": ["config_hash", "seed", "validation_accuracy", "checkpoint"],
    "ml.user_embeddings": ["split", "instrument", "seed", "user_id", "mixture", "embedding"],
    "ml.personas": ["population", "seed_user_id", "persona_text", "flags"],
    "ml.ratings": ["rating", "expected_rating", "raw_text", "status", "request_hash"],
    "ml.persona_embeddings": ["n_pairs", "mixture", "embedding", "instrument"],
    "results.population_metrics": ["split", "population", "source", "condition", "rater", "instrument", "metric", "value", "std",
                                   "ci_low", "ci_high", "p_value", "n", "resamples"],
    "results.fgi": ["fgi", "floor_value", "ceiling_value", "anchor"],
    "results.fidelity": ["coverage", "cos_mean", "pair_cosine_distance", "pair_l2_distance", "rank_accuracy", "rating_correlation",
                         "fgi_fpd", "fgi_mmd", "fgi_swd", "fgi_coverage", "norm_ratio", "coverage_full_population",
                         "matched_real_cos_mean", "n_personas", "n_unplaceable"],
    "results.gap_decomposition": ["split", "population", "instrument", "metric", "floor", "protocol", "persona", "total"],
    "results.instrument_reliability": ["split", "instrument", "n_seeds", "retest_user_cosine", "retest_user_scores",
                                       "init_correlation", "perfect_rater_coverage", "perfect_rater_pair_distance",
                                       "ignorant_rater_coverage", "verdict"],
}  # fmt: skip


@pytest.mark.parametrize("table", sorted(TABLES))
def test_the_contract_of_table_names_and_columns(small_run: Finished, table: str) -> None:
    columns = small_run.warehouse.read(f"select * from {table} limit 0").column_names
    assert set(TABLES[table]) <= set(columns)


def test_every_line_is_accounted_for(small_run: Finished) -> None:
    counts = small_run.warehouse.rows("select n_read, n_accepted, n_rejected, n_duplicate from raw.ingested_files")
    assert len(counts) == 4
    assert all(read == accepted + rejected + duplicate for read, accepted, rejected, duplicate in counts)
    assert small_run.warehouse.rows("select count(*) from raw.rejected_rows") == [(5,)]


def test_no_row_is_left_to_be_tested(small_run: Finished) -> None:
    """dbt is called several times, with some of the models; the first call has all that is needed to test the corpus."""
    built = "select schema_name || '.' || table_name from duckdb_tables() where table_name like '%\\_built' escape '\\'"
    tables = [table for (table,) in small_run.warehouse.rows(built)]
    assert len(tables) == 8
    left = {table: small_run.warehouse.rows(f"from {table} where not is_tested limit 3") for table in tables}
    assert not any(left.values()), left


def test_controls_behave_as_controls(small_run: Finished) -> None:
    rows = small_run.warehouse.rows(
        "select population, instrument, n_personas, n_unplaceable, rank_accuracy, coverage from results.fidelity order by all"
    )
    by_name = {(population, instrument): rest for population, instrument, *rest in rows}
    assert len(by_name) == 8  # the three controls and the ignorant rater, by both instruments
    for instrument in ("paper", "scale_free"):
        assert by_name["constant_rater", instrument][:2] == [40, 40]
        assert by_name["constant_rater", instrument][3] is None
        assert by_name["perfect_rater", instrument][1] == 0
        assert by_name["perfect_rater", instrument][2] > by_name["random_rater", instrument][2]
    assert by_name["perfect_rater", "scale_free"][2] > 0.9


def test_references_are_zero_and_one_by_definition(small_run: Finished) -> None:
    rows = small_run.warehouse.rows(
        "select population, fgi from results.fgi where population in ('real_subsample', 'random_baseline') and fgi is not null"
        " and anchor = 'paper'"
    )
    assert len(rows) == 16
    assert {(population, round(fgi, 12)) for population, fgi in rows} == {("real_subsample", 0), ("random_baseline", 1)}


def test_a_second_ceiling_keeps_to_the_users_space(small_run: Finished) -> None:
    rows = small_run.warehouse.rows(
        "select population, instrument, metric, any_value(floor_value), count(distinct floor_value),"
        " any_value(ceiling_value) filter (anchor = 'paper') > any_value(ceiling_value) filter (anchor = 'on_manifold')"
        " from results.fgi where metric = 'fpd' group by all"
    )
    assert len(rows) >= 10
    assert {row[4:] for row in rows} == {(1, True)}


def test_anchors_are_drawn_at_the_populations_own_size(small_run: Finished) -> None:
    sizes = small_run.warehouse.rows(
        "select population, n from results.fgi where metric = 'swd' and instrument = 'paper'"
    )
    assert dict(sizes)["random_rater"] == 3
    assert dict(sizes)["perfect_rater"] == 40
    assert dict(sizes)["real_subsample"] == 60


def test_no_result_is_nan(small_run: Finished) -> None:
    assert small_run.warehouse.rows("select count(*) from results.population_metrics where isnan(value)") == [(0,)]
    assert small_run.warehouse.rows("select count(*) from ml.paired_scores where isnan(value)") == [(0,)]


def test_every_asset_was_recorded_in_dagster_and_every_check_passed(small_run: Finished) -> None:
    with dg.DagsterInstance.from_config(str(small_run.folder / ".dagster")) as instance:
        keys = {key.to_user_string() for key in instance.all_asset_keys()}
        runs = instance.get_runs()
        of_type = dg.DagsterEventType.ASSET_CHECK_EVALUATION
        checked = [entry for run in runs for entry in instance.all_logs(run.run_id, of_type=of_type)]
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in checked]
    # Those of Python, and dbt's data tests.
    assert len({check.asset_check_key for check in found}) > len(RULES) + 50
    assert [check.asset_check_key for check in found if not check.passed] == []
    assert {
        "raw/reviews",
        "corpus/interactions",
        "ml/encoder_runs",
        "ml/ratings",
        "results/fidelity",
        "report/fidelity_report",
    } <= keys
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert {run.job_name for run in runs} == {"prepare", "encode", "evaluate", "publish"}


def test_a_second_run_reads_and_trains_nothing_again_and_changes_no_result(small_run: Finished) -> None:
    before = small_run.warehouse.rows("from results.fidelity order by all")
    trained = small_run.warehouse.rows("select created_at from ml.encoder_runs order by all")
    done = small_run.command("run", "--study", "small.yml")
    assert done.returncode == 0, done.stderr[-2000:]
    assert small_run.warehouse.rows("from results.fidelity order by all") == before
    assert small_run.warehouse.rows("select created_at from ml.encoder_runs order by all") == trained


def test_old_artifacts_of_dbt_went(small_run: Finished) -> None:
    assert small_run.old_artifacts.name.startswith("dbt_models-")
    assert not small_run.old_artifacts.exists()


def test_dagsters_history_may_be_put_away(small_run: Finished, tmp_path: Path) -> None:
    elsewhere = small_run.environment | {"DAGSTER_HOME": str(tmp_path / "new home")}
    done = run_command(small_run.folder, elsewhere, "run", "--study", "small.yml")
    assert done.returncode == 0, done.stderr[-2000:]
    steps = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert steps
    assert all(step.endswith(": unchanged") for step in steps), steps


def test_no_librarys_warning_stands_among_the_progress(small_run: Finished) -> None:
    assert "Warning:" not in small_run.progress


def test_the_command_prints_the_table_and_the_report(small_run: Finished) -> None:
    assert "perfect_rater" in small_run.output
    report = Path(next(line for line in small_run.output.splitlines() if line.startswith("Report:")).split()[1])
    assert "<h1" in report.read_text()


def test_sql_and_status_read_it_back(small_run: Finished) -> None:
    answer = small_run.command(
        "sql", "select population, n_personas from results.fidelity order by all", "--format", "json"
    )
    assert json.loads(answer.stdout)[0] == {"population": "constant_rater", "n_personas": 40}
    csv = small_run.command("sql", "select count(*) as n from raw.rejected_rows", "--format", "csv")
    assert csv.stdout.split() == ["n", "5"]
    status = small_run.command("status")
    assert "study small" in status.stdout
    assert "perfect_rater" in status.stdout
    finished = [line.split() for line in status.stdout.split("steps finished")[1].splitlines()[1:5]]
    assert finished == [
        [job, n, "of", n] for job, n in (("prepare", "1"), ("encode", "1"), ("evaluate", "3"), ("publish", "1"))
    ]


@pytest.mark.parametrize(
    "query", ["drop table raw.study", "create table x as select 1", "select * from nowhere", "selec 1", ""]
)
def test_sql_reads_only_and_says_what_is_wrong(small_run: Finished, query: str) -> None:
    done = small_run.command("sql", query)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert small_run.warehouse.rows("select count(*) from raw.study") == [(1,)]
