"""Agreement of two encoders about the same users."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from python_assets.metrics.retest import user_cosine_agreement, user_score_agreement
from tests.metrics.clouds import random_rotation


def test_cosine_agreement_is_a_pearson_correlation_over_pairs_of_users() -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((40, 6))
    b = a[:, :5] + 0.5 * rng.standard_normal((40, 5))
    pairs = np.triu_indices(40, k=1)
    expected = np.corrcoef(cosine_similarity(a)[pairs], cosine_similarity(b)[pairs])[0, 1]
    assert user_cosine_agreement(a, b) == pytest.approx(expected)
    assert 0.3 < expected < 0.95


def test_axes_and_lengths_of_an_encoder_do_not_matter_but_its_users_do() -> None:
    rng = np.random.default_rng(1)
    a = rng.standard_normal((200, 4))
    assert user_cosine_agreement(a, 3 * a @ random_rotation(4)) == pytest.approx(1.0)
    assert user_cosine_agreement(a, rng.permutation(a)) == pytest.approx(0.0, abs=0.1)


def test_user_specific_scores_leave_out_what_all_users_share() -> None:
    rng = np.random.default_rng(3)
    popularity, own, noise = rng.standard_normal(80), rng.standard_normal((60, 80)), rng.standard_normal((2, 60, 80))
    # Both encoders know only popularity and noise of their own.
    shared = [5 * popularity + part for part in noise]
    assert user_score_agreement(*shared) == pytest.approx(0.0, abs=0.05)
    assert np.corrcoef(*[scores.ravel() for scores in shared])[0, 1] > 0.9
    # Both know the users' own tastes too, each in its own units.
    known = [5 * popularity + 2 * own, 300 * popularity + 120 * own + 7]
    assert user_score_agreement(*known) == pytest.approx(1.0)


def test_a_user_who_likes_all_items_alike_is_left_out() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 20, 30))
    a += 5 * rng.standard_normal(30)
    rest = user_score_agreement(a, b)
    indifferent = np.full((1, 30), 0.5)
    assert user_score_agreement(np.vstack([a, indifferent]), np.vstack([b, indifferent])) == pytest.approx(rest)


def test_one_taste_for_all_is_no_agreement_rather_than_rounding() -> None:
    scores = np.tile(np.random.default_rng(4).standard_normal(30).astype(np.float32), (20, 1))
    lengths = np.linspace(1, 3, 20, dtype=np.float32)[:, None]
    assert user_score_agreement(scores * lengths, scores) is None
    assert user_score_agreement(scores * lengths, scores * lengths[::-1]) is None
    assert user_score_agreement(np.full((20, 30), 0.1), scores) is None
    assert user_cosine_agreement(np.ones((20, 4)) * lengths, np.random.default_rng(0).random((20, 4))) is None


def test_unmatched_users_are_an_error() -> None:
    with pytest.raises(ValueError, match="5 and 4 users"):
        user_cosine_agreement(np.ones((5, 2)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="at least 3 users"):
        user_cosine_agreement(np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="same users and items"):
        user_score_agreement(np.ones((5, 2)), np.ones((5, 3)))
