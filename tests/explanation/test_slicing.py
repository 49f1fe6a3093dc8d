"""Slices that are planted in features, and classifiers whose errors lie anywhere."""

from dataclasses import replace

import numpy as np
import pytest

from uqgen.explanation.slicing import Projection, Seen, confirm, find_regions

N_CLASSES, N_FEATURES = 4, 8
WEAK, PREDICTED, AXIS = 2, 0, 5  # images of class 2 that are high on feature 5 are predicted as class 0


def world(n, seed, is_planted=True, error_rate=0.03, n_judges=1):
    """Images in features that say nothing of the class, of which errors are chance but for the planted ones.

    Those of judges are chance everywhere.
    """
    rng = np.random.default_rng(seed)
    features, label = rng.normal(size=(n, N_FEATURES)), rng.integers(N_CLASSES, size=n)
    truth = (label == WEAK) & (features[:, AXIS] > 0.8)
    rival = (label + rng.integers(1, N_CLASSES, size=n)) % N_CLASSES
    wrong = rng.random(n) < error_rate
    if is_planted:
        rival[truth] = PREDICTED
        wrong |= truth & (rng.random(n) < 0.6)
    predicted = np.where(wrong, rival, label)
    certainty = np.where(wrong | (truth & is_planted), rng.uniform(0.3, 0.7, n), rng.uniform(0.5, 1, n))
    return Seen(features, label, predicted, rival, certainty, rng.random((n, n_judges)) < error_rate), truth


def none_of(seen):
    return seen.select(slice(0))


def found(is_planted, seed=0, n_judges=1):
    find, _ = world(5_000, 2 * seed, is_planted, n_judges=n_judges)
    held_out, truth = world(5_000, 2 * seed + 1, is_planted, n_judges=n_judges)
    return confirm(find_regions(find, none_of(find), 10, seed), held_out), truth, held_out


def test_a_planted_slice_comes_first_and_is_confirmed_by_images_that_took_no_part():
    (first, *_), truth, held_out = found(is_planted=True)
    assert first.is_own
    members = np.array(first.members)
    assert truth[members[:10]].mean() >= 0.9
    assert truth[members].sum() / truth.sum() > 0.5
    assert first.n_errors == held_out.is_wrong[members].sum()
    assert first.error_rate.low < held_out.is_wrong[members].mean() < first.error_rate.high


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3, 4))])
def test_errors_that_lie_anywhere_confirm_nothing(seed):
    slices, _, _ = found(is_planted=False, seed=seed)
    assert slices
    assert not any(each.is_confirmed or each.is_own for each in slices)


def test_what_judges_get_wrong_too_is_confirmed_but_no_own_weakness():
    find, _ = world(5_000, 0)
    held_out, truth = world(5_000, 1)
    judge = held_out.is_wrong | (truth & (np.random.default_rng(0).random(5_000) < 0.3))
    held_out = replace(held_out, judges_wrong=judge[:, None])
    first, *_ = confirm(find_regions(find, none_of(find), 10, 0), held_out)
    assert first.is_confirmed
    assert not first.is_own


def hard_for_all(seen, n_judges=1):
    """Of images high on feature 0, of any class, classifier and judges get every other one wrong."""
    rng = np.random.default_rng(len(seen))
    is_hard = seen.features[:, 0] > 0.5
    wrong = is_hard & (rng.random(len(seen)) < 0.5)
    predicted = np.where(wrong, seen.rival, seen.predicted)
    judged = seen.judges_wrong | (is_hard[:, None] & (rng.random((len(seen), n_judges)) < 0.5))
    return replace(seen, predicted=predicted, certainty=np.where(wrong, 0.4, seen.certainty), judges_wrong=judged)


def test_judges_lead_past_what_is_hard_for_all_to_what_is_weak_in_the_classifier_alone():
    def purity(n_judges):
        find, held_out = (hard_for_all(world(5_000, seed, n_judges=n_judges)[0], n_judges) for seed in (0, 1))
        truth = world(5_000, 1, n_judges=n_judges)[1]
        region, *_ = find_regions(find, none_of(find), 10, 0)
        return truth[region.holds(held_out)].mean()

    assert purity(2) > 0.5 > 2 * purity(0)


def test_own_weaknesses_stand_before_confirmed_ones_and_these_before_hypotheses():
    slices, _, _ = found(is_planted=True)
    order = [(each.is_own, each.is_confirmed) for each in slices]
    assert order == sorted(order, reverse=True)
    own = [each.explained for each in slices if each.is_own]
    assert own == sorted(own, reverse=True)


def test_explained_are_errors_beyond_those_of_others_and_of_judges():
    (first, *_), _, held_out = found(is_planted=True, n_judges=0)
    inside = np.isin(np.arange(len(held_out)), first.members)
    assert first.rest.value == pytest.approx(held_out.is_wrong[~inside].mean())
    assert first.explained == pytest.approx(first.n_errors - inside.sum() * first.rest.value)


def test_generated_images_lead_to_a_slice_that_real_ones_are_too_few_to_find():
    find, truth = world(5_000, 0)
    place = np.arange(5_000)
    few = ~truth | np.isin(place, place[truth][:15])  # below FEWEST
    find = find.select(few)
    made, its_truth = world(8_000, 7)
    hard = its_truth & made.is_wrong
    generated = made.select(hard)
    held_out, truth = world(5_000, 1)

    def best(generated):
        slices = confirm(find_regions(find, generated, 10, 0), held_out)
        members = [np.array(each.members, int) for each in slices if each.is_own and len(each.rule.classes) == 1]
        return max((truth[each].sum() / truth.sum() * truth[each].mean() for each in members), default=0.0)

    assert best(generated) > best(none_of(find)) + 0.05


def test_regions_that_hold_the_same_images_are_one():
    find, _ = world(5_000, 0)
    regions = find_regions(find, none_of(find), 10, 0)
    held = [region.holds(find) for region in regions]
    shared = [(a & b).sum() / (a | b).sum() for i, a in enumerate(held) for b in held[:i]]
    assert max(shared) <= 0.3
    assert all(region.holds(find)[~np.isin(find.label, region.classes)].sum() == 0 for region in regions)


def test_the_first_generated_images_are_the_most_typical():
    made, _ = world(500, 3)
    find, _ = world(5_000, 0)
    for region in find_regions(find, made, 10, 0):
        degree = region.degree(made)[list(region.generated)]
        assert (np.diff(degree) <= 0).all()


def test_more_slices_are_tried_the_wider_their_intervals():
    find, _ = world(5_000, 0)
    held_out, _ = world(5_000, 1)
    regions = find_regions(find, none_of(find), 10, 0)
    alone, among = confirm(regions[:1], held_out)[0], confirm(regions, held_out)
    same = next(each for each in among if each.members == alone.members)
    assert same.error_rate.low < alone.error_rate.low


def test_the_projection_does_not_depend_on_the_scale_of_features():
    seen, _ = world(500, 0)
    scaled = seen.features * np.arange(1, N_FEATURES + 1)
    assert np.allclose(np.abs(Projection(seen.features)(seen.features)), np.abs(Projection(scaled)(scaled)))


def test_no_image_of_a_region_is_no_slice():
    find, _ = world(5_000, 0)
    regions = find_regions(find, none_of(find), 10, 0)
    nowhere = [replace(region, threshold=np.inf) for region in regions[:1]]
    (empty,) = confirm(nowhere, world(500, 1)[0])
    assert not empty.is_confirmed
    assert empty.members == ()


def test_what_does_not_vary_but_by_rounding_tells_nothing():
    seen, _ = world(300, 0)
    rounding = 1e-16 * np.random.default_rng(0).normal(size=(300, 2))
    features = np.concatenate([seen.features, rounding], axis=1)
    alone, beside = Projection(seen.features)(seen.features), Projection(features)(features)
    np.testing.assert_allclose(np.linalg.norm(beside, axis=1), np.linalg.norm(alone, axis=1))
