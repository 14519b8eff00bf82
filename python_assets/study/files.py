"""Reading a study from YAML, and turning what is wrong with it into one sentence."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from python_assets.study import Study
from python_assets.study.explain import explain

STUDIES = Path(__file__).parents[2] / "studies"


class StudyError(Exception):
    """The study cannot be read; the message names the key and what to write instead."""


class _StudyLoader(yaml.SafeLoader):
    """Refuses what YAML forbids and PyYAML lets pass: of two keys alike, the first one's settings would be gone.

    It also says where something stands that looks like a date or a number and is none.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in lines:
                raise StudyError(
                    f"`{key.value}` is there twice, in line {lines[key.value]} and in line {key.start_mark.line + 1}: "
                    "keep one, with what both hold."
                )
            if isinstance(key, yaml.ScalarNode):
                lines[key.value] = key.start_mark.line + 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as error:
            raise StudyError(
                f"`{node.value}` in line {node.start_mark.line + 1} cannot be read ({error}): put it into quotation marks."
            ) from error


def built_in_studies() -> list[str]:
    """Names of the studies that come with the project."""
    return sorted(path.stem for path in STUDIES.glob("*.yml"))


def load_study(name_or_path: str, *, limit: int | None = None) -> Study:
    """Read a built-in study by name, or any YAML file by path.

    Args:
        name_or_path: Such as ``demo`` or ``my/study.yml``.
        limit: Largest size of any population; None leaves the sizes as they are.

    Raises:
        StudyError: No such study, not YAML, or a setting is wrong.
    """
    path = study_path(name_or_path)
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _StudyLoader)
    except StudyError as error:
        raise StudyError(f"{path}: {error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict):
        raise StudyError(f"{path} holds no settings: start it with `name: my_study`.")
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        raise StudyError(f"{path}: {explain(error, values)}") from error
    return limited(study, limit) if limit else study


def study_path(name_or_path: str) -> Path:
    """The YAML file of a study named on the command line."""
    path = Path(name_or_path).expanduser()
    if path.suffix in {".yml", ".yaml"}:
        if not path.is_file():
            raise StudyError(f"There is no study file {path}: check the path.")
        return path
    built_in = STUDIES / f"{name_or_path}.yml"
    if not built_in.is_file():
        names = built_in_studies()
        near = difflib.get_close_matches(name_or_path, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}."
        raise StudyError(
            f"There is no built-in study {name_or_path}; {hint} A file is given by its path, ending in .yml."
        )
    return built_in


def limited(study: Study, limit: int) -> Study:
    """The study with no population larger than ``limit``."""
    populations = [p.model_copy(update={"size": min(p.size, limit)}) for p in study.populations]
    return study.model_copy(update={"populations": populations})


def main_data_root(data_root: Path | None = None) -> Path:
    """``data_root``, else ``PERSONA_FIDELITY_DATA``, else ``data/``; absolute, for a run changes the folder it stands in
    while dbt works."""
    return (data_root or Path(os.environ.get("PERSONA_FIDELITY_DATA") or "data")).expanduser().absolute()


def data_roots(study_file: Path, data_root: Path | None = None) -> list[Path]:
    """Where relative source paths are looked up, first match first.

    The study file's own folder comes last, so that a bundled corpus is found wherever the command is run. A built-in
    study without a corpus of its own has only the first: a pattern such as ``**/All_Beauty.jsonl.gz`` would find the
    demo's simulated file.
    """
    chosen = main_data_root(data_root)
    has_own = study_file.parent != STUDIES.resolve() or study_file.with_suffix("").is_dir()
    return [chosen, study_file.parent] if has_own else [chosen]
