"""Starting the worker as real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]


def start(*arguments: str) -> subprocess.Popen[str]:
    """A worker of its own, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.lake.worker", *arguments],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_holding(address: str, seconds: float) -> subprocess.Popen[str]:
    """A worker that holds the file by the time this returns."""
    process = start("hold", address, "-", str(seconds))
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def finish(process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """What a worker printed, and its standard error; it must have ended well."""
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors[-2000:]
    return json.loads(out), errors
