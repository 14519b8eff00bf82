"""What is wrong with a study, as one sentence for who wrote the YAML."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from python_assets.study.study import Study

# pydantic speaks of Python's types and patterns.
_WORDS = {
    "string_pattern_mismatch": "use only lower-case letters, digits and _",
    "dict_type": "write its settings below it, each as `key: value`",
    "model_type": "write its settings below it, each as `key: value`, or {} for the defaults",
    "list_type": "write a list, such as [A, B]",
    "string_type": "put it between quotation marks",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
} | dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "write a whole number")
_WORDS |= dict.fromkeys(("float_parsing", "float_type", "finite_number", "bool_for_number"), "write a number")
NEAR = 0.75
"""Likeness from which on two keys are taken for one that is misspelt, whatever else has such a key."""


def explain(error: ValidationError, values: Any) -> str:
    """The first error as one sentence that names the key and, for an unknown one, where it belongs or the nearest valid one.

    Args:
        error: What pydantic found.
        values: The study as it was read.
    """
    # A misspelt key also leaves the right one missing: the misspelling is what to mend.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    location = _location(first["loc"], values)
    if first["type"] == "extra_forbidden":
        *parents, unknown = first["loc"]
        return f"unknown key `{location}`; {_instead(str(unknown), parents)}"
    if first["type"] == "missing":
        return f"`{location}` is missing: add it."
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
    return f"{f'`{location}`: ' if location else ''}{_WORDS.get(first['type'], message)}."


def _location(loc: Sequence[int | str], values: Any) -> str:
    """Keys with dots; an entry of a list by its name where it has one."""
    parts = []
    for part in loc:
        try:
            values = values[part]
        except (LookupError, TypeError):
            values = None
        own = (
            (values.get("name") or values.get("category"))
            if isinstance(part, int) and isinstance(values, dict)
            else None
        )
        if part != "[key]":
            parts.append(str(own or part))
    return ".".join(parts)


def _instead(unknown: str, parents: list[Any]) -> str:
    valid = _fields_at(parents)
    near = difflib.get_close_matches(unknown, valid, n=1, cutoff=0.4)
    alike = difflib.SequenceMatcher(None, unknown, near[0]).ratio() if near else 0
    if alike < NEAR and (places := sorted(set(_places(unknown, Study)))):
        return f"it belongs under {' or '.join(f'`{place}`' for place in places)}."
    return f"did you mean `{near[0]}`?" if near else f"valid keys are {', '.join(valid)}."


def _places(key: str, model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Where in a study a key of this name belongs."""
    for name, field in model.model_fields.items():
        if name == key and above:
            yield ".".join(above)
        inner = _model_in(field.annotation)
        if inner is not None:
            own_name = () if inner is field.annotation else ("NAME",)
            yield from _places(key, inner, (*above, name, *own_name))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The settings that a field holds, itself or in a list or mapping."""
    current = typing.get_args(annotation)[-1] if typing.get_args(annotation) else annotation
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _fields_at(parents: list[Any]) -> list[str]:
    current: Any = Study
    for part in parents:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[str(part)].annotation
        else:
            current = typing.get_args(current)[-1]
        if isinstance(current, types.UnionType):
            current = typing.get_args(current)[0]
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []
