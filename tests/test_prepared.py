"""What is known of the settings that corpus and probes were made with, after builds of all kinds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from python_assets.fingerprints import raw_fingerprint
from python_assets.prepared import MADE_CORPUS, MADE_PROBES, is_prepared, making, require_prepared
from python_assets.stages import CORPUS, Stage, forget_prepared, mark
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.turn import Work
from tests.sql.support import fill_study, make_study

PARTS = (MADE_CORPUS, MADE_PROBES)
BEFORE, NOW = make_study(core=5), make_study(core=8)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """One whose corpus and probes are of the settings before."""
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    made.write(lambda connection: connection.execute("create schema corpus; create table corpus.users (user_id text)"))
    build(made, BEFORE, whole=PARTS)
    return made


def bring_in(warehouse: Warehouse, study: Study) -> None:
    warehouse.write(lambda connection: fill_study(connection, study))


def build(warehouse: Warehouse, study: Study, *, whole: Sequence[Stage]) -> None:
    bring_in(warehouse, study)
    with making(warehouse, study, touched=whole, whole=whole):
        pass
    if MADE_CORPUS in whole:
        mark(warehouse, CORPUS, raw_fingerprint(warehouse))


def bring_in_a_file(warehouse: Warehouse) -> None:
    row = "'a.jsonl', 'reviews', 'Gift_Cards', '2023', 'abc', 1, 'second', 1, 1, 0, 0, 0, now()::timestamp"
    warehouse.write(lambda connection: connection.execute(f"insert into raw.ingested_files values ({row})"))


def break_off(warehouse: Warehouse, study: Study, part: Stage) -> None:
    bring_in(warehouse, study)
    with pytest.raises(KeyboardInterrupt), making(warehouse, study, touched=[part], whole=[part]):
        raise KeyboardInterrupt


def test_both_parts_are_of_the_settings_when_both_were_made(warehouse: Warehouse) -> None:
    require_prepared(warehouse, BEFORE)
    build(warehouse, NOW, whole=[MADE_CORPUS])
    assert not is_prepared(warehouse, NOW)
    build(warehouse, NOW, whole=[MADE_PROBES])
    require_prepared(warehouse, NOW)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_broke_off_is_of_neither_settings(warehouse: Warehouse, part: Stage) -> None:
    break_off(warehouse, NOW, part)
    for study in (NOW, BEFORE):
        bring_in(warehouse, study)
        with pytest.raises(WarehouseError, match=r"not to the end: `run` without `--from`"):
            require_prepared(warehouse, study)


def test_what_is_made_anew_with_the_same_settings_stays_of_them(warehouse: Warehouse) -> None:
    break_off(warehouse, BEFORE, MADE_CORPUS)
    require_prepared(warehouse, BEFORE)


@pytest.mark.parametrize("whole", [[MADE_CORPUS], []])
def test_a_corpus_with_new_files_that_broke_off_or_was_made_in_part_is_a_mixture(
    warehouse: Warehouse, whole: list[Stage]
) -> None:
    bring_in_a_file(warehouse)
    # Up to here all is as it was before the file.
    require_prepared(warehouse, BEFORE)
    with pytest.raises(KeyboardInterrupt), making(warehouse, BEFORE, touched=[MADE_CORPUS], whole=whole):
        raise KeyboardInterrupt
    assert not is_prepared(warehouse, BEFORE)
    build(warehouse, BEFORE, whole=PARTS)
    require_prepared(warehouse, BEFORE)


def test_a_withdrawal_counts_as_new_files_even_where_no_file_leaves_the_ledger(warehouse: Warehouse) -> None:
    forget_prepared(warehouse)
    require_prepared(warehouse, BEFORE)
    break_off(warehouse, BEFORE, MADE_CORPUS)
    assert not is_prepared(warehouse, BEFORE)


def test_what_another_machine_marks_while_it_is_waited_for_does_not_stay(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def waited(_: Work) -> Iterator[None]:
        for part in PARTS:
            mark(warehouse, part, BEFORE.config_hash())
        yield

    bring_in_a_file(warehouse)
    monkeypatch.setattr(warehouse, "alone", waited)
    break_off(warehouse, BEFORE, MADE_CORPUS)
    assert not is_prepared(warehouse, BEFORE)


def test_probes_are_of_the_corpus_that_they_were_chosen_from(warehouse: Warehouse) -> None:
    bring_in_a_file(warehouse)
    build(warehouse, BEFORE, whole=[MADE_CORPUS])
    assert not is_prepared(warehouse, BEFORE)
    build(warehouse, BEFORE, whole=[MADE_PROBES])
    require_prepared(warehouse, BEFORE)


def test_one_model_alone_with_other_settings_leaves_a_mixture(warehouse: Warehouse) -> None:
    bring_in(warehouse, NOW)
    with making(warehouse, NOW, touched=[MADE_CORPUS], whole=[]):
        pass
    bring_in(warehouse, BEFORE)
    assert not is_prepared(warehouse, BEFORE)


def test_settings_that_come_in_while_dbt_is_at_work_may_be_those_it_read(warehouse: Warehouse) -> None:
    bring_in(warehouse, NOW)
    with making(warehouse, NOW, touched=PARTS, whole=PARTS):
        bring_in(warehouse, BEFORE)
    bring_in(warehouse, NOW)
    assert not is_prepared(warehouse, NOW)


def test_older_code_said_nothing_of_it(warehouse: Warehouse) -> None:
    warehouse.write(lambda connection: connection.execute("delete from raw.stages"))
    with pytest.raises(WarehouseError, match="by older code"):
        require_prepared(warehouse, BEFORE)


def test_before_there_is_a_corpus_nothing_is_asked(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "new.duckdb")
    require_prepared(warehouse, NOW)
    warehouse.prepare()
    bring_in(warehouse, NOW)
    require_prepared(warehouse, NOW)
