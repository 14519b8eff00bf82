"""A population's personas (section 3.2): what to ask the chat model for each, and its answers as rows.

Seeds are named after the split, the condition and the seed user (or the persona's number), not after the population:
two populations with the same model and condition share their persona texts through the answer store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow as pa

from python_assets.personas.demographics import draw_attributes
from python_assets.personas.flags import text_flags
from python_assets.prompts import PROMPT_HASHES, PROMPTS, fill
from python_assets.raters.chat import Answer, ChatModel, ChatRequest, request_hash
from python_assets.seeds import derive_seed
from python_assets.study import Population

SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("population", pa.string()),
        ("persona_id", pa.string()),
        ("condition", pa.string()),
        ("seed_user_id", pa.string()),
        ("persona_text", pa.string()),
        ("attributes", pa.string()),
        ("flags", pa.list_(pa.string())),
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
"""Columns of ``ml.personas``."""


class Draft(NamedTuple):
    """A persona before it is written."""

    persona_id: str
    seed_user_id: str | None
    attributes: dict[str, str] | None
    seed: int
    request: ChatRequest | None
    """What to ask; nothing for a control, which has no text."""


def draft_personas(
    population: Population,
    *,
    split: str,
    seed: int,
    category_label: str | None = None,
    marginals: pa.Table | None = None,
    profiles: pa.Table | None = None,
) -> list[Draft]:
    """The personas of a population, numbered from 0001.

    Args:
        population: Condition, size and name.
        split: Product split.
        seed: The study's seed.
        category_label: What the grounded prompt calls the split, see ``category_label``.
        marginals: For ``demographic``: columns attribute, value, probability.
        profiles: For ``grounded``: columns user_id, top_items_block, rating_hist, n_reviews; for ``control`` user_id
            is enough. The order of rows, or of ``seed_order`` where it is there, decides who is taken first.

    Returns:
        ``population.size`` drafts; fewer when there are fewer profiles.

    Raises:
        ValueError: The table or label that the condition needs is missing.
    """
    if population.condition == "backstory":
        return [_draft(population, number, split=split, seed=seed) for number in range(population.size)]
    if population.condition == "demographic":
        people = draw_attributes(
            _needed(marginals, population, "marginals"),
            count=population.size,
            seed=derive_seed(seed, "attributes", split),
        )
        return [_draft(population, n, split=split, seed=seed, attributes=person) for n, person in enumerate(people)]
    table = _needed(profiles, population, "profiles")
    if "seed_order" in table.column_names:
        table = table.sort_by("seed_order")
    users = table.slice(0, population.size).to_pylist()
    if population.condition == "grounded" and not category_label:
        raise ValueError(f"population {population.name} is grounded: give the category label of split {split}")
    return [
        _draft(population, n, split=split, seed=seed, user=user, category_label=category_label)
        for n, user in enumerate(users)
    ]


def category_label(categories: Sequence[str]) -> str:
    """Categories as the grounded prompt names them: ``Musical Instruments, Software and Video Games``."""
    names = [category.replace("_", " ") for category in categories]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def persona_rows(
    drafts: Sequence[Draft],
    answers: Mapping[str, Answer],
    *,
    split: str,
    population: Population,
    model: ChatModel | None,
    code_version: str,
) -> pa.Table:
    """Rows of ``ml.personas``. A persona without a text is kept, flagged ``empty``, and not rated.

    Args:
        drafts: What was asked.
        answers: By request hash, see ``ask_missing``.
        split: Product split.
        population: Whose personas.
        model: Who wrote them; nothing for a control.
        code_version: Of the code that made them.
    """
    config_hash = population.config_hash()
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = []
    for draft in drafts:
        key = answer = None
        if draft.request and model:
            key = request_hash(draft.request, identity=model.identity, settings=population.writer)
            answer = answers[key]
        text = written_text(answer) if answer else None
        rows.append(
            {
                "split": split,
                "population": population.name,
                "persona_id": draft.persona_id,
                "condition": population.condition,
                "seed_user_id": draft.seed_user_id,
                "persona_text": text,
                "attributes": json.dumps(draft.attributes) if draft.attributes else None,
                "flags": text_flags(text, status=answer.status, condition=population.condition) if answer else [],
                "backend": population.rater.backend,
                "model": population.rater.model,
                "prompt_hash": PROMPT_HASHES.get(population.condition),
                "request_hash": key,
                "seed": draft.seed,
                "config_hash": config_hash,
                "code_version": code_version,
                "created_at": now,
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def written_text(answer: Answer) -> str | None:
    """The persona in an answer; nothing when it is blank."""
    return (answer.text or "").strip() or None


def imported_persona_rows(
    personas: pa.Table, *, split: str, population: Population, seed: int, code_version: str
) -> pa.Table:
    """Rows of ``ml.personas`` for personas that were written elsewhere.

    Args:
        personas: Columns persona_id, seed_user_id (NULL for nobody) and persona_text (NULL where only answers came).
        split: Product split.
        population: Whose personas.
        seed: The study's.
        code_version: Of the code that made them.
    """
    fixed = {
        "split": split,
        "population": population.name,
        "condition": population.condition,
        "backend": population.condition,
        "seed": seed,
        "config_hash": population.config_hash(),
        "code_version": code_version,
        "created_at": datetime.now(UTC).replace(tzinfo=None),
    }
    rows = personas.select(["persona_id", "seed_user_id", "persona_text"]).to_pylist()
    for row in rows:
        text = row["persona_text"]
        row |= {**fixed, "flags": text_flags(text, status="ok", condition=population.condition) if text else []}
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _draft(
    population: Population,
    index: int,
    *,
    split: str,
    seed: int,
    attributes: dict[str, str] | None = None,
    user: Mapping[str, object] | None = None,
    category_label: str | None = None,
) -> Draft:
    persona_id = f"{index + 1:04d}"
    seed_user = str(user["user_id"]) if user else None
    own_seed = persona_seed(seed, split=split, condition=population.condition, who=seed_user or persona_id)
    if population.condition == "control":
        return Draft(persona_id, seed_user, None, own_seed, None)
    prompt = PROMPTS[population.condition]
    slots = {**(attributes or {}), **(user or {}), "category_label": category_label}
    request = ChatRequest("write", fill(prompt.system, **slots), fill(prompt.user, **slots), own_seed)
    return Draft(persona_id, seed_user, attributes, own_seed, request)


def _needed(table: pa.Table | None, population: Population, name: str) -> pa.Table:
    if table is None:
        raise ValueError(f"population {population.name} is {population.condition}: give it the table `{name}`")
    return table


def persona_seed(seed: int, *, split: str, condition: str, who: str) -> int:
    """With which seed the text of one persona is asked for, and recorded.

    Args:
        seed: The study's.
        split: Product split.
        condition: Of the population; populations of one condition share their texts.
        who: The seed user, or the persona's own id where it has none.
    """
    return derive_seed(seed, "write", split, condition, who)
