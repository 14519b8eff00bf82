"""Every term of the page in one sentence."""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """A term, which way is better, and what it means."""

    name: str
    better: str
    meaning: str


GLOSSARY: tuple[Term, ...] = (
    Term(
        "Coverage",
        "↑ higher is better",
        "Share of the real users drawn at a time (as many as the population has members, at most the study's sample "
        "size and half of all) whose neighbourhood, out to their 5th nearest neighbour among those drawn unless the study "
        "says otherwise, holds at least one member of the population. Of all real users it may be far less: in the "
        "table of fidelity in small print.",
    ),
    Term(
        "Cosine",
        "→ near the real users'",
        "Mean cosine between two members of a population; 1 means that all members prefer the same things (collapse).",
    ),
    Term("Matched real cosine", "for comparison", "The same cosine among the personas' own seed users."),
    Term(
        "FPD",
        "↓ lower is better",
        "Fréchet preference distance: how far two populations' means and covariances are apart.",
    ),
    Term(
        "MMD",
        "↓ lower is better",
        "Maximum mean discrepancy: difference of two populations in shape as a Gaussian kernel sees it; its "
        "p-value asks whether one population could have given both samples.",
    ),
    Term(
        "SWD",
        "↓ lower is better",
        "Sliced Wasserstein distance: how far points must move to turn one population into the other, averaged "
        "over random directions.",
    ),
    Term(
        "FGI",
        "→ 0 is best",
        "Fidelity Gap Index: any of these metrics rescaled so that 0 is other real users and 1 is noise with the "
        "real mean and spread; above 1 is further off than noise.",
    ),
    Term(
        "On-manifold ceiling",
        "for comparison",
        "A second ceiling for the FGI whose noise, with the real mean and spread, keeps to the space where users can lie, "
        "so that 1 is not reached by leaving that space.",
    ),
    Term("Pair distance", "↓ lower is better", "Mean cosine distance between a persona's place and its seed user's."),
    Term(
        "Rank accuracy",
        "↑ higher is better",
        "Share of random item pairs that a persona's place and its seed user's order alike. Users agree on much, so that chance is "
        "far above a coin's 0.5.",
    ),
    Term(
        "Rank accuracy of others",
        "for comparison",
        "The same share where each persona is held against another one's seed user: what lies above it is about the person.",
    ),
    Term(
        "Rating correlation",
        "↑ higher is better",
        "Mean Pearson correlation between a persona's ratings and its seed user's scores on the probes. Users like much alike: "
        "`results.fidelity.rating_correlation_of_others` has what the same ratings reach beside somebody else's user.",
    ),
    Term(
        "Norm ratio",
        "→ 1 is best",
        "Mean length of the personas' embeddings over that of the real users'; below 1 they are pulled to the middle.",
    ),
    Term(
        "No place",
        "↓ fewer is better",
        "Personas without two answers that differ by the study's `min_gap`, most often because they rate everything "
        "alike: they prefer nothing to anything, so they cannot be placed and are left out of the scores.",
    ),
    Term(
        "Floor",
        "the best there is",
        "What other real users score: no population of that size can be expected to do better, unless many of its own seed users are "
        "among those drawn.",
    ),
    Term(
        "Perfect stand-ins",
        "control",
        "Raters that answer every probe exactly as their seed user's own scores say; what they miss is lost by the "
        "instrument.",
    ),
    Term(
        "Ignorant stand-ins",
        "control",
        "Stand-ins that are never asked anything and stay at a random start; what they reach proves nothing about "
        "a population.",
    ),
    Term(
        "Popularity, constant and random raters",
        "controls",
        "Raters that know only what is popular, that always answer the same, and that answer at random.",
    ),
    Term(
        "Instrument",
        "what measures",
        "The encoder that places real users and the fit that places personas by their ratings.",
    ),
    Term(
        "Retest agreement",
        "↑ higher is better",
        "How far two encoders that differ only in their seed agree on which users are alike; below 0.5 the map is "
        "mostly chance.",
    ),
    Term(
        "Probe items",
        "what is asked",
        "The items that every persona rates, drawn from popular (head), middling (torso) and rare (tail) ones.",
    ),
)
