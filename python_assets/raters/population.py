"""A population's answers to the probes, from an LLM, a control or a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from python_assets.imports import ImportFileError
from python_assets.probe_items import ProbeItems
from python_assets.raters import controls
from python_assets.raters.answers import ask_missing, every_tenth
from python_assets.raters.chat import ChatModel
from python_assets.raters.rate import (
    ANY_INSTRUMENT,
    control_rating_rows,
    imported_rating_rows,
    rating_requests,
    rating_rows,
)
from python_assets.seeds import derive_seed
from python_assets.study import Population, Study
from python_assets.warehouse import Warehouse

PERSONAS = """
    select persona_id, condition, seed_user_id, persona_text from ml.personas
    where split = ? and population = ? order by persona_id
"""
IMPORTED_RATINGS = """
    select ratings.persona_id, ratings.item_id, ratings.rating
    from raw.imported_ratings as ratings
    inner join probes.probe_items as probes using (split, item_id)
    semi join ml.personas using (split, population, persona_id)
    where ratings.split = $split and ratings.population = $population
    order by ratings.persona_id, probes.probe_number
"""


def rate_population(
    warehouse: Warehouse,
    study: Study,
    settings: Population,
    model: ChatModel,
    probes: ProbeItems,
    *,
    split: str,
    code_version: str,
    log: Callable[[str], None],
) -> pa.Table:
    """Rows of ``ml.ratings`` of a population that an LLM rates; answered requests are not asked again."""
    personas = warehouse.read(PERSONAS, [split, settings.name])
    questions = rating_requests(personas, probes.table, split=split, seed=study.seed)
    answers = ask_missing(
        warehouse,
        model,
        [question.request for question in questions],
        settings=settings.rater,
        progress=every_tenth(log, "ratings"),
    )
    return rating_rows(
        questions,
        answers,
        split=split,
        population=settings,
        model=model,
        code_version=code_version,
    )


def rate_as_control(
    warehouse: Warehouse,
    study: Study,
    settings: Population,
    probes: ProbeItems,
    seed_scores: Callable[[list[str]], Mapping[str, np.ndarray]],
    *,
    split: str,
    code_version: str,
) -> pa.Table:
    """Rows of ``ml.ratings`` of a control.

    Args:
        warehouse: Holds the population's personas.
        study: For the seed.
        settings: The control population.
        probes: The M probes.
        seed_scores: Gives, for the perfect rater, the seed users' encoder scores of the probes by instrument, each of
            shape (P, M).
        split: Product split.
        code_version: Recorded with each row.
    """
    people = warehouse.rows(PERSONAS, [split, settings.name])
    seed = derive_seed(study.seed, "control", split, settings.rater.backend)
    seed_users, n_probes = [seed_user for _, _, seed_user, _ in people], len(probes.item_ids)
    by_instrument: dict[str, np.ndarray]
    match settings.rater.backend:
        case "perfect":
            # The only rater that depends on the instrument: it reads the encoder that will place it.
            scores = seed_scores(seed_users)
            by_instrument = {instrument: controls.perfect(matrix) for instrument, matrix in scores.items()}
        case "popularity":
            by_instrument = {ANY_INSTRUMENT: controls.popularity(probes.n_reviews, n_personas=len(people))}
        case "constant":
            by_instrument = {ANY_INSTRUMENT: controls.constant(n_personas=len(people), n_probes=n_probes)}
        case _:
            # By seed user: a new one shifts the personas' numbers.
            by_instrument = {ANY_INSTRUMENT: controls.random(seed_users, n_probes=n_probes, seed=seed)}
    return pa.concat_tables(
        control_rating_rows(
            ratings,
            persona_ids=[persona for persona, *_ in people],
            item_ids=probes.item_ids,
            instrument=instrument,
            split=split,
            population=settings,
            seed=seed,
            code_version=code_version,
        )
        for instrument, ratings in by_instrument.items()
    )


def take_imported_ratings(
    warehouse: Warehouse, study: Study, settings: Population, *, split: str, code_version: str
) -> pa.Table:
    """Rows of ``ml.ratings`` of a population that was rated elsewhere: its answers to the present probes.

    Raises:
        ImportFileError: They have fractions, which the study expected when they were imported, and does not now.
    """
    answers = warehouse.read(IMPORTED_RATINGS, {"split": split, "population": settings.name})
    fractions = [number for number in answers["rating"].to_pylist() if number % 1]
    if fractions and settings.rater.elicitation == "likert":
        raise ImportFileError(
            f"{len(fractions):,} imported answers of {settings.name} on {split} are no whole numbers, such as {fractions[0]:g}: "
            "write `elicitation: expected` under its rater again, or import whole numbers."
        )
    return imported_rating_rows(
        answers,
        split=split,
        population=settings,
        seed=study.seed,
        code_version=code_version,
    )
