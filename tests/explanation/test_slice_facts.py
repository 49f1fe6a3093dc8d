"""What is said of a slice."""

import pytest

from uqgen.explanation.slice_facts import _advice, _needed, _sentence
from uqgen.explanation.slicing import Region, Slice
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.wilson import wilson

TEN = [str(digit) for digit in range(10)]


def found(n=60, n_errors=9, judges=(), level=0.95, is_confirmed=False, is_own=False):
    rate, rest = wilson(n_errors, n, level), wilson(50, 1_000)
    members = tuple(range(n))
    return Slice(Region((0,), None, 0.0, ()), members, n_errors, rate, rest, judges, 1.0, is_confirmed, is_own, level)


@pytest.mark.parametrize(
    ("classes", "names", "said"),
    [
        (["3"], TEN, "of 3,"),
        (["3", "8"], TEN, "of 3 and 8,"),
        (TEN[:9], TEN, "of all classes but 9,"),
        (TEN, TEN, "of all classes,"),
        (["cat"], ["cat", "dog"], "of cat,"),
        (["cat", "dog"], ["cat", "dog"], "of all classes,"),
    ],
)
def test_classes_are_named_unless_they_are_nearly_all(classes, names, said):
    assert f"60 real images {said} mean score" in _sentence(found(), classes, None, None, "0.60", names)


def test_advice_says_of_judges_what_there_is():
    better = (Estimate(0.01, 0.0, 0.02),)
    assert "judges do better" in _advice(found(judges=better, is_confirmed=True, is_own=True))
    assert "Hard for the judges" in _advice(found(judges=better, is_confirmed=True))
    alone = _advice(found(is_confirmed=True, is_own=True))
    assert "without judges" in alone
    assert "better" not in alone


@pytest.mark.parametrize("level", [0.95, 0.995, 0.9975])
def test_as_many_images_as_are_said_to_be_needed_would_confirm_and_half_of_them_not(level):
    one = found(level=level)
    n = _needed(one)
    for times, confirms in ((1, True), (0.5, False)):
        many = int(times * n)
        assert (wilson(round(0.15 * many), many, level).low > one.rest.high) == confirms


def test_without_a_higher_error_rate_no_number_is_told():
    assert _needed(found(n_errors=3)) is None
    assert "more real images like these" in _advice(found(n_errors=3))
