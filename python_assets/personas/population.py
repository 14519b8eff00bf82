"""A population's personas: the evidence from the warehouse, the texts from the model, the rows to write."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from python_assets.personas.write import Draft, category_label, draft_personas, imported_persona_rows, persona_rows
from python_assets.raters.answers import ask_missing, every_tenth
from python_assets.raters.chat import ChatModel
from python_assets.study import IMPORTED, Population, Study
from python_assets.warehouse import Warehouse

PROFILES = """
    select user_id, seed_order, top_items_block, rating_hist, n_reviews from personas.grounding_profiles
    where split = ? order by seed_order limit ?
"""
MARGINALS = "select attribute, value, probability from personas.demographic_marginals order by all"
IMPORTED_PERSONAS = """
    with
    known as (
        select persona_id, seed_user_id, persona_text, row_number from raw.imported_personas
        where split = $split and population = $population
    ),
    rated as (
        select persona_id, any_value(seed_user_id) as seed_user_id, null as persona_text, min(row_number) as row_number
        from raw.imported_ratings where split = $split and population = $population
        group by persona_id
    ),
    brought as (
        select * from known
        union all
        select * from rated where not exists (from known)
    )
    select
        brought.* replace (users.user_id as seed_user_id),
        brought.seed_user_id is not null and users.user_id is null as is_left_alone
    from brought
    left join corpus.users as users on brought.seed_user_id = users.user_id and users.split = $split
    order by brought.row_number limit $size
"""


def draft_population(warehouse: Warehouse, study: Study, settings: Population, *, split: str) -> list[Draft]:
    """What to ask for each persona of a population that is not imported, from the evidence that the warehouse has now.

    Args:
        warehouse: Holds profiles and marginals.
        study: Seed and splits.
        settings: The population.
        split: Product split.
    """
    return draft_personas(
        settings,
        split=split,
        seed=study.seed,
        category_label=category_label(study.splits[split]),
        marginals=warehouse.read(MARGINALS) if settings.condition == "demographic" else None,
        profiles=warehouse.read(PROFILES, [split, settings.size]) if settings.takes_seed_users else None,
    )


def write_population(
    warehouse: Warehouse,
    study: Study,
    settings: Population,
    model: ChatModel | None,
    *,
    split: str,
    code_version: str,
    log: Callable[[str], None],
) -> pa.Table:
    """Rows of ``ml.personas``.

    Grounded personas and controls take the first seed users of the split, so that populations meet the same people.

    Args:
        warehouse: Holds profiles and marginals, and the answers already given.
        study: Seed and splits.
        settings: The population.
        model: Who writes; nothing for a control, which has no text, and for imported personas.
        split: Product split.
        code_version: Recorded with each row.
        log: Told how far the writing is.
    """
    if settings.condition == IMPORTED:
        key = {"split": split, "population": settings.name}
        brought = warehouse.read(IMPORTED_PERSONAS, {**key, "size": settings.size})
        if left := sum(brought["is_left_alone"].to_pylist()):
            log(
                f"{left:,} imported personas stand for users who are not in the corpus any more: they count as for nobody's"
            )
        return imported_persona_rows(
            brought,
            split=split,
            population=settings,
            seed=study.seed,
            code_version=code_version,
        )
    drafts = draft_population(warehouse, study, settings, split=split)
    answers = {}
    if model is not None:
        requests = [draft.request for draft in drafts if draft.request]
        answers = ask_missing(
            warehouse, model, requests, settings=settings.writer, progress=every_tenth(log, "personas")
        )
    return persona_rows(
        drafts,
        answers,
        split=split,
        population=settings,
        model=model,
        code_version=code_version,
    )
