"""Whether an instrument agrees with itself under another seed, and what is known where it was not asked to."""

from __future__ import annotations

# Where results.instrument_reliability says that an instrument does not repeat.
REPEATABLE = 0.5
# From this correlation of the users' final mixtures with their random start on, they have hardly been trained.
AT_THE_START = 0.9


def left_at_the_start(init_correlation: float | None) -> bool:
    """Whether training hardly moved the users, so that a low retest says little of the corpus."""
    return init_correlation is not None and init_correlation >= AT_THE_START


def does_not_repeat(verdict: str, retest: float | None) -> bool:
    """Whether an instrument disagrees with itself, also where its verdict is unknown for want of a perfect rater."""
    return "not repeatable" in verdict or (retest is not None and retest < REPEATABLE)


def why_no_retest(n_seeds: int | None) -> str:
    """What goes on after the name of an encoder that nothing says whether it agrees with itself."""
    if (n_seeds or 1) < 2:
        return "was not trained again under another seed (set `retests: 1`)"
    return (
        "was trained again under another seed, but too few of the present users had a pair in both trainings to compare them "
        "(`retrain_after: 0` trains it anew with the users who were folded in since), or all of them lie at one place "
        "(as with `prototypes: 1`)"
    )
