"""What lowers the target alone is discovered first; what lowers all is not."""

import pytest
import torch
from known_generator import Patches, linear, subjects_of, viewers

from uqgen.explanation.discovery import own_discovery as module
from uqgen.explanation.discovery.discovered import measure_attribute
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


def test_more_of_a_change_takes_the_target_further_behind_whatever_way_it_was_found(halves, monkeypatch):
    target, judge = along(SHARED, OWN), along(SHARED)
    (found,) = own_steps(halves[0], target, [judge], 1)
    monkeypatch.setattr(module, "own_steps", lambda *given: [-found])
    ((change, _),) = take_own_steps(*halves, [judge], viewers(target, judge=judge), 1)
    assert change.equal(found)


def test_what_other_images_do_not_confirm_is_left_out(halves, monkeypatch):
    nothing = torch.eye(16)[0]  # a patch that neither minds
    monkeypatch.setattr(module, "own_steps", lambda *given: [nothing])
    target, judge = along(SHARED, OWN), along(SHARED)
    assert take_own_steps(*halves, [judge], viewers(target, judge=judge), 1) == []


def test_a_sign_of_its_own_is_kept(halves):
    target, judge = along(SHARED, OWN), along(SHARED)
    ((change, steps),) = take_own_steps(*halves, [judge], viewers(target, judge=judge), 1)
    signs = torch.zeros(16)
    signs[OWN] = -change[OWN].sign()
    names, flipped = halves[0].channels.names, steps.flipped()  # more is darker
    kept, turned = (
        measure_attribute(names, signs, flipped, viewers(target), 20, 0, has_sign=has_sign)
        for has_sign in (True, False)
    )
    assert (kept.goes_with, turned.goes_with) == ("brightness", "brightness")
    assert (kept.channels, turned.channels) == ((f"- patch {OWN}",), (f"+ patch {OWN}",))


def test_the_certain_end_is_where_scores_are_sure():
    assert certain_end(viewers(along(OWN))) == pytest.approx((0.95, 1.0))
