"""How many requests a population asks on one split, and how many of them are answered: its real requests, hashed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from python_assets.estimate.seen import known_rows
from python_assets.personas.population import IMPORTED_PERSONAS, draft_population
from python_assets.personas.write import written_text
from python_assets.raters.answers import Purpose, is_of_use, known_answers
from python_assets.raters.chat import Answer, ChatModelError, ChatRequest, identity_of, request_hash
from python_assets.raters.rate import rating_requests
from python_assets.study import IMPORTED, Population, Rater, Study, Writer
from python_assets.warehouse import Warehouse

PROBES = """
    select item_id, item_title, item_category, item_description from probes.probe_items
    where split = ? order by probe_number
"""
MODELS = "select distinct backend, model from ml.answers"
PERSONAS = pa.schema([(name, pa.string()) for name in ("persona_id", "condition", "seed_user_id", "persona_text")])
"""What rating requests are made from."""

Identity = Mapping[str, Any] | None
"""Of a model, as its hashes have it; None when it has answered nothing that could be found."""


IsDone = Callable[[], bool]
"""Whether a run would leave out the step that asks."""


class Asked(NamedTuple):
    """Requests of one purpose."""

    n_wanted: int
    n_answered: int


class Identities:
    """Identities of the study's models, each found once: a folder of weights is read as a whole.

    Args:
        warehouse: Where the answers are.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._models = set(known_rows(warehouse, MODELS))
        self._found: dict[str, Identity] = {}

    def of(self, rater: Rater) -> Identity:
        """None when the model has answered nothing here, or cannot be known without running it."""
        if (rater.backend, rater.model) not in self._models:
            return None
        key = f"{rater.backend}|{rater.model}|{rater.options}"
        if key not in self._found:
            try:
                self._found[key] = identity_of(rater)
            except ChatModelError:
                self._found[key] = None
        return self._found[key]


def count_requests(
    warehouse: Warehouse,
    study: Study,
    population: Population,
    *,
    split: str,
    identities: Identities,
    is_done: IsDone,
) -> dict[Purpose, Asked] | None:
    """What a run from here would ask; None before the warehouse has the split's probes and the population's evidence.

    A persona that is not written yet is asked about every probe. Where the step is done all counts as answered: it does not
    run again for answers of no use, nor for requests that do not fit the model's context, whose answers are never stored.

    Args:
        warehouse: Evidence, probes and answers.
        study: Seed and splits.
        population: One that asks an LLM.
        split: Product split.
        identities: Of the models.
        is_done: Called only where something is left, or answers are of no use.
    """
    try:
        probes = warehouse.read(PROBES, [split])
        if not probes.num_rows:
            return None
        identity = identities.of(population.rater)
        if population.condition == IMPORTED:
            key = {"split": split, "population": population.name, "size": population.size}
            brought = warehouse.read(IMPORTED_PERSONAS, key).to_pylist()
            rated = _rated(warehouse, study, population, split, brought, probes, identity, is_done)
            return _nothing_left_if({"rate": rated}, is_done)
        drafts = draft_population(warehouse, study, population, split=split)
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    requests = {draft.persona_id: draft.request for draft in drafts if draft.request}
    written = _known(warehouse, requests.values(), identity, population.writer, is_done)
    texts = {name: written_text(written[request]) for name, request in requests.items() if request in written}
    personas = [
        {"persona_id": draft.persona_id, "seed_user_id": draft.seed_user_id, "persona_text": texts[draft.persona_id]}
        for draft in drafts
        if draft.persona_id in texts
    ]
    rated = _rated(warehouse, study, population, split, personas, probes, identity, is_done)
    unwritten = (len(requests) - len(texts)) * probes.num_rows
    counts: dict[Purpose, Asked] = {
        "write": Asked(len(set(requests.values())), len(written)),
        "rate": rated._replace(n_wanted=rated.n_wanted + unwritten),
    }
    return _nothing_left_if(counts, is_done)


def _nothing_left_if(counts: dict[Purpose, Asked], is_done: IsDone) -> dict[Purpose, Asked]:
    if all(count.n_answered >= count.n_wanted for count in counts.values()) or not is_done():
        return counts
    return {purpose: count._replace(n_answered=count.n_wanted) for purpose, count in counts.items()}


def _rated(
    warehouse: Warehouse,
    study: Study,
    population: Population,
    split: str,
    personas: list[dict[str, Any]],
    probes: pa.Table,
    identity: Identity,
    is_done: IsDone,
) -> Asked:
    table = pa.Table.from_pylist(
        [{**persona, "condition": population.condition} for persona in personas], schema=PERSONAS
    )
    # A set: who would ask the same asks once.
    requests = {question.request for question in rating_requests(table, probes, split=split, seed=study.seed)}
    return Asked(len(requests), len(_known(warehouse, requests, identity, population.rater, is_done)))


def _known(
    warehouse: Warehouse,
    requests: Iterable[ChatRequest],
    identity: Identity,
    settings: Writer | Rater,
    is_done: IsDone,
) -> dict[ChatRequest, Answer]:
    if identity is None:
        return {}
    keys = {request: request_hash(request, identity=identity, settings=settings) for request in requests}
    known = known_answers(warehouse, keys.values())
    answered = {request: known[key] for request, key in keys.items() if key in known}
    of_use = {request: answer for request, answer in answered.items() if is_of_use(answer, settings)}
    return of_use if len(of_use) == len(answered) or not is_done() else answered
