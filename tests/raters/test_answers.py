"""The answer store: nothing is asked twice, and a killed run keeps what it had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from python_assets.raters import answers as store
from python_assets.raters.answers import (
    FLUSH_SECONDS,
    ask_missing,
    by_persona,
    every_tenth,
    known_answers,
    store_answers,
)
from python_assets.raters.chat import Answer, ChatRequest
from python_assets.study import Rater, Writer
from python_assets.warehouse import Warehouse
from tests.raters.fake_model import FakeModel, Killed, answer_key

RATER = Rater(backend="transformers", model="fake", chunk_size=10)
FREE = RATER.model_copy(update={"constrain": False})
EXPECTED = RATER.model_copy(update={"elicitation": "expected"})


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb", wait_seconds=1)
    made.prepare()
    return made


def requests(count: int = 35) -> list[ChatRequest]:
    return [ChatRequest("rate", f"persona {n % 3}", f"probe {n}", n) for n in range(count)]


def n_stored(warehouse: Warehouse) -> int:
    return warehouse.rows("select count(*) from ml.answers")[0][0]


def test_a_second_run_asks_nothing_and_gives_the_same(warehouse: Warehouse) -> None:
    first = ask_missing(warehouse, FakeModel(), requests(), settings=RATER)
    model = FakeModel()
    assert ask_missing(warehouse, model, requests(), settings=RATER) == first
    assert model.asked == []
    assert len(first) == n_stored(warehouse) == 35


def test_a_run_killed_after_two_chunks_asks_only_for_the_rest(warehouse: Warehouse) -> None:
    with pytest.raises(Killed):
        ask_missing(warehouse, FakeModel(dies_after=20), requests(), settings=RATER)
    assert n_stored(warehouse) == 20
    model = FakeModel()
    answers = ask_missing(warehouse, model, requests(), settings=RATER)
    assert len(answers) == 35
    assert len(model.asked) == 15


def test_an_error_within_a_chunk_keeps_what_had_arrived(warehouse: Warehouse) -> None:
    with pytest.raises(Killed):
        ask_missing(warehouse, FakeModel(dies_after=13), requests(), settings=RATER)
    assert n_stored(warehouse) == 13


def test_each_chunk_is_written_before_the_next_is_asked_and_the_file_is_free_meanwhile(warehouse: Warehouse) -> None:
    seen: list[int] = []

    class Watching(FakeModel):
        def rate(self, requests, rater):  # type: ignore[no-untyped-def]
            # Opens the file for writing: impossible while any other connection of this process holds it read-only.
            with warehouse.connect(read_only=False) as connection:
                seen.append(connection.execute("select count(*) from ml.answers").fetchall()[0][0])
            yield from super().rate(requests, rater)

    ask_missing(warehouse, Watching(), requests(), settings=RATER)
    assert seen == [0, 10, 20, 30]


def test_repeated_requests_are_asked_once(warehouse: Warehouse) -> None:
    model = FakeModel()
    answers = ask_missing(warehouse, model, requests(5) * 3, settings=RATER)
    assert len(model.asked) == len(answers) == 5


def test_one_personas_probes_follow_each_other(warehouse: Warehouse) -> None:
    model = FakeModel()
    ask_missing(warehouse, model, requests(9), settings=RATER)
    assert [r.system[-1] for r in model.asked] == list("000111222")
    assert [r.user for r in by_persona(requests(4))] == ["probe 0", "probe 3", "probe 1", "probe 2"]


def test_what_does_not_fit_is_answered_but_not_stored(warehouse: Warehouse) -> None:
    answers = ask_missing(warehouse, FakeModel(status="too_long"), requests(3), settings=RATER)
    assert {answer.status for answer in answers.values()} == {"too_long"}
    assert n_stored(warehouse) == 0


def test_answers_survive_the_store_exactly(warehouse: Warehouse) -> None:
    odd = [
        Answer("a" * 64, "5\x00 ‘quoted’ \n 👍", (0.5, 0.25, 0.125, 0.0625, 0.0625), "ok", 7),
        Answer("b" * 64, None, None, "empty", None),
    ]
    store_answers(warehouse, odd, purpose="rate", backend="x", model="m")
    store_answers(warehouse, odd, purpose="rate", backend="x", model="m")
    assert list(known_answers(warehouse, ["b" * 64, "a" * 64, "c" * 64]).values()) in (odd, odd[::-1])
    assert n_stored(warehouse) == 2


def test_half_a_character_is_replaced_on_arrival(warehouse: Warehouse) -> None:
    class Cut(FakeModel):
        def rate(self, requests, rater):  # type: ignore[no-untyped-def]
            for part in super().rate(requests, rater):
                yield [answer._replace(text="4 \ud83d, \ud83d\udc4d 👍") for answer in part]

    first = ask_missing(warehouse, Cut(), requests(3), settings=FREE)
    assert {answer.text for answer in first.values()} == {"4 \ufffd, 👍 👍"}
    assert ask_missing(warehouse, FakeModel(), requests(3), settings=FREE) == first


def test_progress_counts_the_known_ones(warehouse: Warehouse) -> None:
    ask_missing(warehouse, FakeModel(), requests(10), settings=RATER)
    told: list[tuple[int, int]] = []
    ask_missing(
        warehouse, FakeModel(), requests(12), settings=RATER, progress=lambda done, all_: told.append((done, all_))
    )
    assert told == [(10, 12), (11, 12), (12, 12)]


def test_each_tenth_of_the_work_is_one_line() -> None:
    lines: list[str] = []
    progress = every_tenth(lines.append, "answers")
    for done in range(0, 1001, 20):
        progress(done, 1000)
    assert lines == [f"{tenth * 100:,} of 1,000 answers" for tenth in range(11)]


def test_model_prompt_seed_and_decoding_each_make_another_request() -> None:
    base, request = FakeModel(), requests(1)[0]
    keys = {
        answer_key(base, request, RATER),
        answer_key(FakeModel("other"), request, RATER),
        answer_key(base, request._replace(user="other"), RATER),
        answer_key(base, request._replace(seed=99), RATER),
        answer_key(base, request, RATER.model_copy(update={"temperature": 0.7})),
        answer_key(base, request, RATER.model_copy(update={"elicitation": "expected"})),
        answer_key(base, request, RATER.model_copy(update={"constrain": False})),
    }
    assert len(keys) == 7


def test_what_cannot_change_an_answer_makes_no_other_request() -> None:
    base, request = FakeModel(), requests(1)[0]
    assert answer_key(base, request, RATER) == answer_key(base, request, RATER.model_copy(update={"chunk_size": 7}))
    expected = RATER.model_copy(update={"elicitation": "expected"})
    assert answer_key(base, request, expected) == answer_key(base, request._replace(seed=5), expected)
    # A constrained rating is one token, whatever the cap.
    capped, free = ({"max_tokens": 3, "constrain": constrain} for constrain in (True, False))
    assert answer_key(base, request, RATER) == answer_key(base, request, RATER.model_copy(update=capped))
    assert answer_key(base, request, FREE) != answer_key(base, request, RATER.model_copy(update=free))


def test_a_constraint_changes_the_probabilities_too() -> None:
    base, request = FakeModel(), requests(1)[0]
    free = EXPECTED.model_copy(update={"constrain": False})
    assert answer_key(base, request, EXPECTED) != answer_key(base, request, free)


def test_settings_must_fit_the_purpose(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="write settings cannot answer rate requests"):
        ask_missing(warehouse, FakeModel(), requests(1), settings=Writer())


class Says(FakeModel):
    """Answers with one text, and without probabilities unless they are given."""

    def __init__(self, text: str | None, *, probabilities: tuple[float, ...] | None = None) -> None:
        super().__init__(status="ok" if text else "empty")
        self.text, self.probabilities = text, probabilities

    def _answers(self, requests: Sequence[ChatRequest], settings: Writer | Rater) -> Iterator[list[Answer]]:
        for part in super()._answers(requests, settings):
            yield [answer._replace(text=self.text, probabilities=self.probabilities) for answer in part]


@pytest.mark.parametrize(
    ("settings", "text"),
    [(RATER, "I would say th"), (RATER, None), (RATER, ""), (FREE, ""), (EXPECTED, None), (Writer(), "")],
)
def test_answers_of_no_use_are_asked_again_and_replaced(
    warehouse: Warehouse, settings: Rater | Writer, text: str | None
) -> None:
    wanted = [r._replace(purpose="write" if isinstance(settings, Writer) else "rate") for r in requests(12)]
    ask_missing(warehouse, Says(text), wanted[:10], settings=settings)
    model = Says("4")
    answers = ask_missing(warehouse, model, wanted, settings=settings)
    assert len(model.asked) == 12
    assert {answer.text for answer in answers.values()} == {"4"}
    assert known_answers(warehouse, answers) == answers
    assert n_stored(warehouse) == 12
    assert ask_missing(warehouse, FakeModel(dies_after=0), wanted, settings=settings) == answers


@pytest.mark.parametrize(("settings", "text"), [(FREE, "I would say th"), (Writer(), "word"), (EXPECTED, "I")])
def test_other_answers_stay(warehouse: Warehouse, settings: Rater | Writer, text: str) -> None:
    wanted = [r._replace(purpose="write" if isinstance(settings, Writer) else "rate") for r in requests(3)]
    first = ask_missing(warehouse, Says(text), wanted, settings=settings)
    assert ask_missing(warehouse, FakeModel(dies_after=0), wanted, settings=settings) == first


def test_probabilities_beside_a_blank_are_an_expected_rating(warehouse: Warehouse) -> None:
    blank = Says("", probabilities=(0.5, 0.25, 0.125, 0.0625, 0.0625))
    first = ask_missing(warehouse, blank, requests(3), settings=EXPECTED)
    assert ask_missing(warehouse, FakeModel(dies_after=0), requests(3), settings=EXPECTED) == first


def test_what_another_process_has_put_in_the_place_of_an_answer_of_no_use_stays(warehouse: Warehouse) -> None:
    by = {"purpose": "rate", "backend": "x", "model": "m"}
    old, good, late = (Answer("a" * 64, text, None, "ok", 1) for text in ("I would", "4", "5"))
    store_answers(warehouse, [old], **by)
    for answer in (good, late):
        store_answers(warehouse, [answer], **by, outdated={old.request_hash: old})
    assert list(known_answers(warehouse, [old.request_hash]).values()) == [good]
    assert n_stored(warehouse) == 1


def test_any_character_can_be_stored(warehouse: Warehouse) -> None:
    text = "\x00\x01\ufffe\uffff\U0010ffff\U000e0001\u202e"
    answers = ask_missing(warehouse, Says(text), requests(1), settings=FREE)
    assert known_answers(warehouse, answers) == answers


def test_probabilities_do_not_make_a_rating_of_a_text_that_is_none(warehouse: Warehouse) -> None:
    ask_missing(warehouse, Says("I would", probabilities=(0.5, 0.5, 0, 0, 0)), requests(3), settings=RATER)
    model = Says("4")
    ask_missing(warehouse, model, requests(3), settings=RATER)
    assert len(model.asked) == 3


def test_a_slow_models_answers_are_written_every_quarter_of_a_minute(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FLUSH_SECONDS <= 15
    seen: list[int] = []

    class Slow(FakeModel):
        def rate(self, requests, rater):  # type: ignore[no-untyped-def]
            for part in super().rate(requests, rater):
                seen.append(n_stored(warehouse))
                yield part

    for seconds, stored in ((15, [0, 0, 0]), (-1, [3, 4, 5])):
        monkeypatch.setattr(store, "FLUSH_SECONDS", seconds)
        ask_missing(warehouse, Slow(), requests(6)[-3:] if seconds < 0 else requests(3), settings=RATER)
        assert seen == stored
        seen.clear()


def test_nothing_to_ask_is_no_error(warehouse: Warehouse) -> None:
    lines: list[str] = []
    assert ask_missing(warehouse, FakeModel(), [], settings=RATER, progress=every_tenth(lines.append, "ratings")) == {}
    assert lines == ["0 of 0 ratings"]
