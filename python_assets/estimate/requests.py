"""LLM requests of a study: how many, how many are answered, how long they are, how long they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from python_assets.estimate.seen import known_rows
from python_assets.personas.write import persona_seed
from python_assets.raters.answers import Purpose
from python_assets.study import IMPORTED, Population, Study
from python_assets.warehouse import Warehouse

# Of words in English: a persona has about 200, a probe's title and description 60, the prompts of appendix D 75 to 100.
ROUGH_TOKENS = {"write": 350, "rate": 450}
"""Tokens of a prompt where no answer of that model is there to tell."""

PEOPLE = "select split, count(*) from personas.grounding_profiles group by split"
BROUGHT = "select split, population, count(*) from raw.imported_personas group by all"
PROBES = "select split, count(*) from probes.probe_items group by split"
WRITTEN = """
    select
        split, population, persona_id, condition, seed_user_id, seed, config_hash,
        request_hash in (select request_hash from ml.answers) as is_answered
    from ml.personas
"""
RATED = """
    select split, population, persona_id, config_hash, count(*) from ml.ratings
    semi join ml.answers using (request_hash) group by all
"""
TOKENS = "select model, purpose, avg(n_prompt_tokens) from ml.answers where n_prompt_tokens is not null group by all"
# Answers are written chunk by chunk: what came between two writes took the time between them. A pause between two runs
# is no work, and the median does not see it.
SPEED = """
    with
    chunks as (
        select backend, model, purpose, created_at, count(*) as n_answers from ml.answers group by all
    ),
    timed as (
        select *, epoch(created_at - lag(created_at) over (partition by backend, model order by created_at)) as seconds
        from chunks
    )
    select backend, model, purpose, median(n_answers / seconds) from timed where seconds > 0 group by all
"""


class Requests(NamedTuple):
    """What one population asks of its model on one split."""

    population: str
    split: str
    purpose: Purpose
    model: str
    n_wanted: int
    n_answered: int
    prompt_tokens: float
    """Mean of one request."""
    is_measured: bool
    """Whether the tokens are those of answered requests."""
    per_second: float | None
    """Requests a second, as seen in this warehouse; None when this model has answered nothing yet."""

    @property
    def n_left(self) -> int:
        """Requests that are still to be made."""
        return max(self.n_wanted - self.n_answered, 0)

    @property
    def seconds(self) -> float | None:
        """Time for what is left."""
        return self.n_left / self.per_second if self.per_second else None


class _Seen(NamedTuple):
    """What the warehouse knows already; all empty before the first run."""

    people: Mapping[str, int]
    brought: Mapping[tuple[str, str], int]
    probes: Mapping[str, int]
    answered: Mapping[tuple[str, ...], int]
    tokens: Mapping[tuple[str, str], float]
    speed: Mapping[tuple[str, ...], float]


def requests_of(study: Study, warehouse: Warehouse | None, *, per_second: float | None = None) -> list[Requests]:
    """Every population that asks an LLM, in the study's order.

    Populations that would ask the same share their answers, so that the sum is the most that it can be.

    Args:
        study: Sizes, raters and splits.
        warehouse: Counts of users and probes, answers and their speed; None before there is one.
        per_second: Requests a second of every model, instead of what was seen.
    """
    seen = _look(study, warehouse)
    found = []
    for population in study.populations:
        if not population.rater.is_llm:
            continue
        for split in study.splits:
            found += _of_split(study, population, split, seen, per_second)
    return found


def _of_split(
    study: Study, population: Population, split: str, seen: _Seen, per_second: float | None
) -> list[Requests]:
    size = population.size
    if population.takes_seed_users:
        size = min(size, seen.people.get(split, size))
    if population.condition == IMPORTED:
        size = min(size, seen.brought.get((split, population.name), 0))
    wanted: dict[Purpose, tuple[int, str]] = {}
    if population.is_written_here:
        wanted["write"] = (size, population.config_hash())
    wanted["rate"] = (size * seen.probes.get(split, study.probes.count), population.rater.config_hash())
    model, backend = str(population.rater.model), population.rater.backend
    return [
        Requests(
            population.name,
            split,
            purpose,
            model,
            n_wanted=count,
            n_answered=min(count, seen.answered.get((purpose, split, population.name, config), 0)),
            prompt_tokens=seen.tokens.get((model, purpose), ROUGH_TOKENS[purpose]),
            is_measured=(model, purpose) in seen.tokens,
            per_second=per_second or seen.speed.get((backend, model, purpose)),
        )
        for purpose, (count, config) in wanted.items()
    ]


def _answered(study: Study, warehouse: Warehouse | None) -> Counter[tuple[str, ...]]:
    """By purpose, split, population and settings. A persona that the study would write otherwise is also rated anew."""
    found, current = Counter[tuple[str, ...]](), set[tuple[str, str, str]]()
    wanted = {population.name: population.config_hash() for population in study.populations}
    for split, population, persona, condition, seed_user, seed, config, is_answered in known_rows(warehouse, WRITTEN):
        written = persona_seed(study.seed, split=split, condition=condition, who=seed_user or persona)
        if config == wanted.get(population) and seed == (study.seed if condition == IMPORTED else written):
            current.add((split, population, persona))
            found["write", split, population, config] += bool(is_answered)
    for split, population, persona, config, n in known_rows(warehouse, RATED):
        found["rate", split, population, config] += n * ((split, population, persona) in current)
    return found


def _look(study: Study, warehouse: Warehouse | None) -> _Seen:
    return _Seen(
        people=dict(known_rows(warehouse, PEOPLE)),
        brought={(split, population): n for split, population, n in known_rows(warehouse, BROUGHT)},
        probes=dict(known_rows(warehouse, PROBES)),
        answered=_answered(study, warehouse),
        tokens={(model, purpose): mean for model, purpose, mean in known_rows(warehouse, TOKENS)},
        speed={tuple(key): speed for *key, speed in known_rows(warehouse, SPEED)},
    )
