"""Whose share a coverage is: of the real users drawn at a time, who are far fewer than all where personas are few."""

from __future__ import annotations

from typing import NamedTuple

from python_assets.report.formats import count, percent


class Draws(NamedTuple):
    """How the coverage of one population was measured. None is unknown.

    Attributes:
        n: Real users drawn at a time, and as many personas.
        n_placed: Personas with a place.
        all_placed: Whether there are no others.
        sample_size: The most that the study draws at a time.
        n_users: All real users of the split.
        of_all: Share of all of them with one of these personas close by, out to their 5th neighbour among all.
        ignorant_n: Real users drawn at a time for the ignorant stand-ins.
    """

    n: int | None = None
    n_placed: int = 0
    all_placed: bool = True
    sample_size: int | None = None
    n_users: int | None = None
    of_all: float | None = None
    ignorant_n: int | None = None


def drawn(draws: Draws) -> str:
    """ "of 8 real users drawn at a time, as many as there are personas," in a sentence; short at the full sample size."""
    if draws.n is None:
        return "of the real users drawn at a time"
    who = f"of {count(draws.n)} real users drawn at a time"
    if draws.sample_size is not None and draws.n >= draws.sample_size:
        return who
    if draws.n == draws.n_placed:
        return f"{who}, as many as there are personas{'' if draws.all_placed else ' with a place'},"
    if draws.n_users is not None and draws.n == draws.n_users // 2:
        return f"{who}, half of all,"
    return who


def reached(share: float) -> str:
    """The share with its verb."""
    if share == 0:
        return "none has"
    shown = percent(share)
    return "less than 1% have" if shown == "0%" else f"{shown} have"


def reached_by_personas(coverage: float, draws: Draws) -> str:
    """The clause of a verdict that says how far a population reaches."""
    of_all = (
        f" (of all {count(draws.n_users)} real users {reached(draws.of_all)})"
        if draws.of_all is not None and draws.n_users is not None and _is_small(draws)
        else ""
    )
    return f"{drawn(draws)} {reached(coverage)} one of these personas close by{of_all}"


def in_short(draws: Draws) -> str:
    """What stands below a share in a table: "of 8 drawn at a time; 5% of all 547"."""
    parts = [f"of {count(draws.n)} drawn at a time"] if draws.n is not None else []
    if draws.of_all is not None and draws.n_users is not None:
        parts.append(f"{percent(draws.of_all)} of all {count(draws.n_users)}")
    return "; ".join(parts)


def _is_small(draws: Draws) -> bool:
    return draws.n is not None and (draws.sample_size is None or draws.n < draws.sample_size)
