"""Baselines that are confirmed: by images of which nothing was known beforehand."""

import numpy as np
import pytest

from uqgen.explanation.slicing import Seen
from uqgen.planted.methods import METHODS, Material

N_CLASSES = 4


def world(seed, *, is_weak, n=1_500):
    """Features say the class; errors are chance, and where the last feature is high, if it is weak, nearly certain."""
    rng = np.random.default_rng(seed)
    label = rng.integers(N_CLASSES - 1, size=n)
    features = np.column_stack([3 * np.eye(N_CLASSES)[label], rng.normal(size=n)]) + 0.3 * rng.normal(size=(n, 5))
    wrong = rng.random(n) < np.where(is_weak & (label == 1) & (features[:, -1] > 0.7), 0.8, 0.04)
    rival = (label + 1) % (N_CLASSES - 1)
    judges = rng.random((n, 2)) < 0.04
    return Seen(features, label, np.where(wrong, rival, label), rival, rng.random(n), judges)


def material(*, is_weak):
    found_on, held_out = (world(seed, is_weak=is_weak) for seed in (0, 1))
    held_out.label[0] = held_out.predicted[0] = N_CLASSES - 1  # no image that serves to find is of it
    gradients = (each.features for each in (found_on, held_out))
    return Material(found_on, held_out, found_on.select(slice(0)), *gradients, N_CLASSES, 10, 0)


CONFIRMED = [name for name in METHODS if name.endswith(", confirmed as slices are")]


@pytest.mark.parametrize("name", CONFIRMED)
def test_a_confirmed_baseline_stands_by_a_weakness_and_by_none_of_a_sound_classifier(name):
    assert not any(each.is_reported for each in METHODS[name](material(is_weak=False)))
    found = [each for each in METHODS[name](material(is_weak=True)) if each.is_reported]
    assert found
    assert max(each.error_rate for each in found) < 0.95  # not errors by definition


def test_a_mixture_that_reads_predictions_has_components_of_errors_alone():
    found = METHODS["Gaussian mixture (Domino-like)"](material(is_weak=False))
    assert max(each.error_rate for each in found) > 0.95
