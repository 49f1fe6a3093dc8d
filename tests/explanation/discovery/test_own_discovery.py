"""What lowers the target alone is discovered first; what lowers all is not."""

import pytest
from known_generator import Patches, linear, subjects_of, viewers

from uqgen.explanation.discovery.own_discovery import certain_end, take_own_steps
from uqgen.explanation.discovery.own_steps import own_steps
from uqgen.explanation.discovery.subjects import STEP

SHARED, OWN = 3, 9  # patches


def along(*patches):
    """Sure of the first class, unless one of these patches is bright."""
    pattern = Patches().patterns[list(patches)].sum(dim=0)
    return linear(-8 * pattern / Patches().patterns[0].sum(), bias=3.0)


@pytest.fixture(scope="module")
def halves():
    subjects = subjects_of(Patches(), 120)
    return subjects.select(slice(60)), subjects.select(slice(60, None))


def test_the_first_change_is_of_what_lowers_the_target_alone(halves):
    first, *others = own_steps(halves[0], along(SHARED, OWN), [along(SHARED), along(SHARED)], 3)
    assert first.abs().argmax() == OWN
    assert first[OWN] > 0  # more of it lowers the target
    assert first[SHARED].abs() < 0.1 * first[OWN]
    assert others == []  # the target is linear: the gradients of all images are alike


def test_a_change_is_as_long_as_its_standard_deviations(halves):
    (first,) = own_steps(halves[0], along(OWN), [along()], 1)
    centred = halves[0].neighbours - halves[0].neighbours.mean(dim=1, keepdim=True)
    deviation = centred[..., OWN].square().sum().div(60 * 19).sqrt()
    assert first[OWN] == pytest.approx(STEP * deviation.item(), rel=0.05)


def test_the_score_of_the_target_falls_with_it_and_that_of_the_judge_does_not(halves):
    target, judge = along(SHARED, OWN), along(SHARED)
    looked_at = viewers(target, judge=judge)
    ((_, steps),) = take_own_steps(*halves, [judge], looked_at, 1)
    change = steps.change[:, 1]
    of_judge = (steps.judges["judge"][:, 2] - steps.judges["judge"][:, 1]).abs()
    assert change.mean() < -0.02
    assert of_judge.mean() < 0.1 * change.abs().mean()


def test_the_certain_end_is_where_scores_are_sure():
    assert certain_end(viewers(along(OWN))) == pytest.approx((0.95, 1.0))
