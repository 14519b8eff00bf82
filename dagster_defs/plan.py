"""Which steps a study takes, in order, and which of them are due."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from dagster_defs.run_state import RunState, Step
from dagster_defs.workspace import Workspace
from python_assets.stages import STAGES
from python_assets.study import Study


def plan(study: Study, *, first: str | None = None, until: str | None = None, splits: Sequence[str] = ()) -> list[Step]:
    """The jobs of a run, in order.

    Args:
        study: What to run.
        first: Leave out the stages before this one.
        until: Leave out the stages after this one.
        splits: Encode and evaluate only these; all when empty.
    """
    wanted = [split for split in study.splits if not splits or split in splits]
    steps = [Step("prepare", None, "files to corpus, item vectors and probes")]
    steps += [Step("encode", split, f"encoder of {split}") for split in wanted]
    # What perfect stand-ins would score is held against each of the others.
    for population in sorted(study.populations, key=lambda population: population.rater.backend != "perfect"):
        # A GPU's memory comes back only when the process ends, so every vLLM population has its own.
        alone = population.rater.backend == "vllm"
        for split in wanted:
            key = dg.MultiPartitionKey({"split": split, "population": population.name})
            steps.append(Step("evaluate", key, f"{population.name} on {split}", alone))
    steps.append(Step("publish", None, "result tables and report"))
    start, stop = STAGES.index(first or STAGES[0]), STAGES.index(until or STAGES[-1])
    return [step for step in steps if start <= STAGES.index(step.job) <= stop]


def unchanged_steps(steps: Sequence[Step], workspace: Workspace, *, reads_weights: bool = True) -> set[Step]:
    """Those that a run would leave out as far as can be said beforehand: nothing before them is due that they follow.

    Args:
        steps: What ``plan`` says.
        workspace: Study, files and warehouse.
        reads_weights: As ``RunState`` has it; without, a step is due whose model only looks otherwise.
    """
    state, due = RunState(workspace, reads_weights=reads_weights), list[Step]()
    for step in steps:
        follows = any(other.job == STAGES[0] or step.job == STAGES[-1] or step.needs(other) for other in due)
        if follows or not state.is_done(step):
            due.append(step)
    return set(steps) - set(due)
