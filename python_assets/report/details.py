"""The foot of the page: how raters answered, example personas, data and provenance, ready to print."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

from python_assets.personas.flags import FLAGS
from python_assets.report.data import ReportData, Row
from python_assets.report.formats import count
from python_assets.report.names import in_order, shorten
from python_assets.report.raters import answers_in_words, rating_shares, unread_share
from python_assets.report.tables import describe

LONGEST_EXAMPLE = 1500


def details_context(data: ReportData) -> dict[str, Any]:
    """Everything below the results."""
    return {
        "answers": _answers(data),
        "examples": [_example(data, row) for row in data.examples],
        "splits": _splits(data),
        "core": data.settings.get("core", "k"),
        "files": [row | {"name": _file_name(row)} for row in data.files],
        "rejections": data.rejections,
        "made_by": data.made_by,
        "facts": _facts(data),
        "settings": json.dumps(_without_addresses(data.settings), indent=2, ensure_ascii=False),
    }


def _answers(data: ReportData) -> list[Row]:
    groups = []
    for split in data.splits:
        here = [row | {"source": _source(data, row)} for row in data.answers if row["split"] == split]
        rows = []
        for population in in_order(here, data.study_order):
            for row in (row for row in here if row["population"] == population.name):
                own_instrument = f"instrument {row['instrument']}" if row["instrument"] != "*" else ""
                detail = ", ".join(part for part in (describe(data, population.name), own_instrument) if part)
                words = {"shares": rating_shares(row), "unread": unread_share(row), "words": answers_in_words(row)}
                rows.append(row | words | {"population": population, "detail": detail})
        if rows:
            groups.append({"split": split, "rows": rows})
    return groups


def _source(data: ReportData, row: Row) -> str:
    population = data.populations.get(row["population"])
    return "control" if population is not None and population["condition"] == "control" else "persona"


def _example(data: ReportData, row: Row) -> Row:
    text = row["persona_text"]
    if len(text) > LONGEST_EXAMPLE:
        text = text[:LONGEST_EXAMPLE].rstrip() + " …"
    return {
        "population": row["population"],
        "detail": describe(data, row["population"]),
        "split": row["split"],
        "seed_user": shorten(row["seed_user_id"], 40) if row["seed_user_id"] else "",
        "flags": [FLAGS.get(flag, flag.replace("_", " ")) for flag in row["flags"]],
        "paragraphs": [line for line in text.splitlines() if line.strip()],
    }


def _splits(data: ReportData) -> list[Row]:
    rows = []
    for split in data.splits:
        users, reviews, pairs = (
            next((row for row in table if row["split"] == split), None)
            for table in (data.users, data.reviews, data.pairs)
        )
        if users is None or reviews is None:
            continue
        bands = {row["band"]: row["n"] for row in data.probes if row["split"] == split}
        rows.append(
            users
            | reviews
            | {
                "name": split,
                "folds": _three(reviews),
                "pairs": _three(pairs) if pairs else "–",
                "probes": " / ".join(count(bands.get(band, 0)) for band in ("head", "torso", "tail")),
            }
        )
    return rows


def _file_name(row: Row) -> str:
    return PurePath(row["path"]).name if row["path"] else f"{count(row['n_files'])} files"


def _three(row: Row) -> str:
    return " / ".join(count(row[name]) for name in ("n_train", "n_validation", "n_test"))


def _facts(data: ReportData) -> list[tuple[str, str]]:
    instruments = ", ".join(f"{row['instrument']} {row['config_hash']}" for row in data.instruments)
    models = sorted({row["model"] for row in data.made_by if row["model"]})
    text_models = ", ".join(f"{row['model']} (sha256 {row['sha256']})" for row in data.text_model)
    facts = [
        ("Study", data.study["name"]),
        ("Seed", str(data.study["seed"])),
        ("Settings hash", data.study["config_hash"]),
        ("Instruments", instruments),
        ("Item texts embedded by", text_models),
        ("Language models", ", ".join(models) or "none"),
        ("Code version", ", ".join(row["code_version"] for row in data.code)),
    ]
    return [(term, value) for term, value in facts if value]


def _without_addresses(value: Any) -> Any:
    """Settings without server addresses: a report travels further than a study file."""
    if isinstance(value, dict):
        return {key: _without_addresses(item) for key, item in value.items() if key != "base_url"}
    return [_without_addresses(item) for item in value] if isinstance(value, list) else value
