"""LLM requests of a study: how many, how many are answered, how long they are, how long they take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from python_assets.estimate.asked import Asked, Identities, count_requests
from python_assets.estimate.seen import known_rows
from python_assets.raters.answers import Purpose
from python_assets.study import IMPORTED, Population, Study
from python_assets.warehouse import Warehouse

# Of words in English: a persona has about 200, a probe's title and description 60, the prompts of appendix D 75 to 100.
ROUGH_TOKENS = {"write": 350, "rate": 450}
"""Tokens of a prompt where no answer of that model is there to tell."""

BROUGHT = "select split, population, count(*) from raw.imported_personas group by all"
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
        if not self.n_left:
            return 0.0
        return self.n_left / self.per_second if self.per_second else None


def requests_of(
    study: Study,
    warehouse: Warehouse | None,
    *,
    per_second: float | None = None,
    is_done: Callable[[str, str], bool] = lambda split, population: False,
) -> list[Requests]:
    """Every population that asks an LLM, in the study's order.

    Populations that would ask the same share their answers, so that the sum is the most that it can be.

    Args:
        study: Sizes, raters and splits.
        warehouse: Evidence, probes, answers and their speed; None before there is one.
        per_second: Requests a second of every model, instead of what was seen.
        is_done: Whether a run would leave out a population on a split, which then asks nothing.
    """
    brought = {(split, population): n for split, population, n in known_rows(warehouse, BROUGHT)}
    tokens = {(model, purpose): mean for model, purpose, mean in known_rows(warehouse, TOKENS)}
    speed = {tuple(key): speed for *key, speed in known_rows(warehouse, SPEED)}
    identities = Identities(warehouse) if warehouse else None
    found = []
    for population in study.populations:
        if not population.rater.is_llm:
            continue
        model, backend = str(population.rater.model), population.rater.backend
        for split in study.splits:
            asked = None
            if warehouse and identities:
                asked = count_requests(
                    warehouse,
                    study,
                    population,
                    split=split,
                    identities=identities,
                    is_done=partial(is_done, split, population.name),
                )
            found += [
                Requests(
                    population.name,
                    split,
                    purpose,
                    model,
                    n_wanted=count.n_wanted,
                    n_answered=count.n_answered,
                    prompt_tokens=tokens.get((model, purpose), ROUGH_TOKENS[purpose]),
                    is_measured=(model, purpose) in tokens,
                    per_second=per_second or speed.get((backend, model, purpose)),
                )
                for purpose, count in (
                    asked or _own_sizes(study, population, brought.get((split, population.name), 0))
                ).items()
            ]
    return found


def _own_sizes(study: Study, population: Population, n_brought: int) -> dict[Purpose, Asked]:
    """Before there is a corpus: as the study says, and nothing is answered."""
    size = min(population.size, n_brought) if population.condition == IMPORTED else population.size
    rated: dict[Purpose, Asked] = {"rate": Asked(size * study.probes.count, 0)}
    return {"write": Asked(size, 0), **rated} if population.is_written_here else rated
