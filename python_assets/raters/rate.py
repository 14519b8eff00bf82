"""Ratings of the probes (section 3.3): what to ask the chat model, and its answers as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from python_assets.prompts import PROMPT_HASHES, RATING, fill
from python_assets.raters.chat import Answer, ChatModel, ChatRequest, request_hash
from python_assets.raters.parse import parse_likert
from python_assets.seeds import derive_seed
from python_assets.study import Population

NO_DESCRIPTION = "not available"
"""Stands in the prompt for an empty description."""
PROBE_COLUMNS = ["item_id", "item_title", "item_category", "item_description"]
"""What a rating prompt is made from."""
ANY_INSTRUMENT = "*"
"""Instrument of ratings that serve every instrument."""

SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("population", pa.string()),
        ("persona_id", pa.string()),
        ("item_id", pa.string()),
        ("instrument", pa.string()),
        ("elicitation", pa.string()),
        ("rating", pa.int32()),
        ("expected_rating", pa.float64()),
        ("raw_text", pa.string()),
        ("status", pa.string()),
        ("backend", pa.string()),
        ("model", pa.string()),
        ("prompt_hash", pa.string()),
        ("request_hash", pa.string()),
        ("seed", pa.int64()),
        ("config_hash", pa.string()),
        ("code_version", pa.string()),
        ("created_at", pa.timestamp("us")),
    ]
)
"""Columns of ``ml.ratings``."""


class Question(NamedTuple):
    """One persona and one probe."""

    persona_id: str
    item_id: str
    request: ChatRequest


def rating_requests(personas: pa.Table, probes: pa.Table, *, split: str, seed: int) -> list[Question]:
    """Every persona with a text asked about every probe, a persona at a time.

    The seed of a question is named after the seed user (or the persona's number), not after the population.

    Args:
        personas: Columns persona_id, condition, seed_user_id, persona_text.
        probes: Columns item_id, item_title, item_category, item_description, in the order to ask.
        split: Product split.
        seed: The study's seed.
    """
    texts = [
        (probe["item_id"], fill(RATING.user, **{**probe, "item_desc": probe["item_description"] or NO_DESCRIPTION}))
        for probe in probes.select(PROBE_COLUMNS).to_pylist()
    ]
    questions = []
    for persona in personas.to_pylist():
        if not (persona["persona_text"] or "").strip():
            continue
        system = fill(RATING.system, persona_description=persona["persona_text"])
        who = (split, persona["condition"], persona["seed_user_id"] or persona["persona_id"])
        for item, user in texts:
            request = ChatRequest("rate", system, user, derive_seed(seed, "rate", *who, item))
            questions.append(Question(persona["persona_id"], item, request))
    return questions


def rating_rows(
    questions: Sequence[Question],
    answers: Mapping[str, Answer],
    *,
    split: str,
    population: Population,
    model: ChatModel,
    code_version: str,
) -> pa.Table:
    """Rows of ``ml.ratings`` for LLM raters; they serve every instrument.

    ``status`` is ok, unparsed, empty, too_long or no_digit_mass; without ``ok`` there is no rating. With elicitation
    ``expected``, ``rating`` is the likeliest digit, and pairs are made from ``expected_rating``.

    Args:
        questions: What was asked.
        answers: By request hash, see ``ask_missing``.
        split: Product split.
        population: Whose ratings.
        model: Who gave them.
        code_version: Of the code that made them.
    """
    rater = population.rater
    common = _common(population, split=split, code_version=code_version)
    common["prompt_hash"] = PROMPT_HASHES["rating"]
    rows = []
    for persona_id, item_id, request in questions:
        answer = answers[request_hash(request, identity=model.identity, settings=rater)]
        rating, expected, status = read_rating(answer, elicitation=rater.elicitation)
        rows.append(
            {
                **common,
                "persona_id": persona_id,
                "item_id": item_id,
                "instrument": ANY_INSTRUMENT,
                "rating": rating,
                "expected_rating": expected,
                "raw_text": answer.text,
                "status": status,
                "request_hash": answer.request_hash,
                "seed": request.seed,
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def read_rating(answer: Answer, *, elicitation: str) -> tuple[int | None, float | None, str]:
    """Rating, expected rating and status of an answer.

    The expected rating is the mean of 1 to 5 under the answer's probabilities, there whenever they are.
    """
    expected = None
    if answer.probabilities is not None:
        expected = float(np.dot(answer.probabilities, np.arange(1, 6)) / np.sum(answer.probabilities))
    if answer.status not in ("ok", "empty", "truncated"):
        return None, None, answer.status
    if elicitation == "expected":
        if answer.probabilities is None:
            return None, None, "no_digit_mass"
        return 1 + int(np.argmax(answer.probabilities)), expected, "ok"
    rating, status = parse_likert(answer.text)
    return rating, expected if status == "ok" else None, status


def control_rating_rows(
    ratings: ArrayLike,
    *,
    persona_ids: Sequence[str],
    item_ids: Sequence[str],
    instrument: str = ANY_INSTRUMENT,
    split: str,
    population: Population,
    seed: int,
    code_version: str,
) -> pa.Table:
    """Rows of ``ml.ratings`` for a control rater.

    Args:
        ratings: Integers from 1 to 5, shape (personas, probes), see ``controls.py``.
        persona_ids: One a row.
        item_ids: One a column.
        instrument: Whose scores the perfect rater rated by; ``*`` for the other controls.
        split: Product split.
        population: Whose ratings.
        seed: Seed of the ratings.
        code_version: Of the code that made them.
    """
    common = _common(population, split=split, code_version=code_version)
    common |= {"instrument": instrument, "status": "ok", "seed": seed}
    matrix = np.asarray(ratings)
    if matrix.shape != (len(persona_ids), len(item_ids)):
        raise ValueError(
            f"ratings have shape {matrix.shape}, but there are {len(persona_ids)} personas and {len(item_ids)} probes"
        )
    rows, columns = matrix.shape
    varying = {
        "persona_id": pa.array(persona_ids, pa.string()).take(pa.array(np.repeat(np.arange(rows), columns))),
        "item_id": pa.array(item_ids, pa.string()).take(pa.array(np.tile(np.arange(columns), rows))),
        "rating": pa.array(matrix.ravel(), pa.int32()),
        "expected_rating": pa.array(matrix.ravel(), pa.float64()),
    }
    return _filled(varying, common, matrix.size)


def imported_rating_rows(
    answers: pa.Table, *, split: str, population: Population, seed: int, code_version: str
) -> pa.Table:
    """Rows of ``ml.ratings`` for answers that were given elsewhere; they serve every instrument.

    Args:
        answers: Columns persona_id, item_id and rating, from 1 to 5; whole numbers unless elicitation is ``expected``.
        split: Product split.
        population: Whose answers.
        seed: The study's.
        code_version: Of the code that made them.
    """
    common = _common(population, split=split, code_version=code_version)
    common |= {"instrument": ANY_INSTRUMENT, "status": "ok", "seed": seed}
    numbers = answers["rating"].to_numpy()
    varying = {
        "persona_id": answers["persona_id"].combine_chunks(),
        "item_id": answers["item_id"].combine_chunks(),
        "rating": pa.array(np.floor(numbers + 0.5), pa.int32()),
        "expected_rating": pa.array(numbers, pa.float64()),
    }
    return _filled(varying, common, answers.num_rows)


def _filled(varying: Mapping[str, pa.Array], common: Mapping[str, Any], count: int) -> pa.Table:
    """Columns of ``SCHEMA``; those that do not vary hold one value."""
    columns = [
        varying.get(field.name, pa.repeat(pa.scalar(common.get(field.name), field.type), count)) for field in SCHEMA
    ]
    return pa.table(columns, schema=SCHEMA)


def _common(population: Population, *, split: str, code_version: str) -> dict[str, Any]:
    return {
        "split": split,
        "population": population.name,
        "elicitation": population.rater.elicitation,
        "backend": population.rater.backend,
        "model": population.rater.model,
        "config_hash": population.rater.config_hash(),
        "code_version": code_version,
        "created_at": datetime.now(UTC).replace(tzinfo=None),
    }
