import math
import pickle

import pytest

from uqgen.settings import (
    SettingError,
    require,
    require_bool,
    require_choice,
    require_integer,
    require_number,
    require_points,
)


def test_the_message_is_one_line_with_name_value_and_what_is_allowed():
    error = SettingError("share", 1.5, "a number from 0 to 1")
    assert str(error) == "share=1.5: allowed: a number from 0 to 1"
    assert (error.name, error.value, error.allowed) == ("share", 1.5, "a number from 0 to 1")
    assert isinstance(error, ValueError)


def test_the_message_is_one_line_whatever_the_name_of_a_file_is():
    error = SettingError("file", "a\nb\x1b\udc80 ü.png", "a file")
    assert str(error) == r"file=a\nb\x1b\udc80 ü.png: allowed: a file"
    assert str(error.under("data")) == f"data.{error}"


def test_a_section_is_put_before_the_name():
    error = SettingError("share", 1.5, "less").under("corruption").under("data")
    assert str(error) == "data.corruption.share=1.5: allowed: less"


def test_require():
    require(True, "a", 1, "anything")
    with pytest.raises(SettingError, match=r"^a=1: allowed: nothing$"):
        require(False, "a", 1, "nothing")


@pytest.mark.parametrize("value", [2, 3, 10**30])
def test_integers_from_the_minimum_on(value):
    require_integer("n", value, 2)


@pytest.mark.parametrize("value", [1, -5, 2.0, "2", True, None, [2]])
def test_anything_else_is_no_such_integer(value):
    with pytest.raises(SettingError) as caught:
        require_integer("n", value, 2)
    assert str(caught.value) == f"n={value}: allowed: an integer of at least 2"


def test_true_is_no_integer_although_python_says_so():
    with pytest.raises(SettingError):
        require_integer("n", True, 1)
    with pytest.raises(SettingError):
        require_number("x", True, 0, 1)


@pytest.mark.parametrize("value", [0, 1, 0.5, 1e-9])
def test_numbers_with_their_bounds(value):
    require_number("x", value, 0, 1)


@pytest.mark.parametrize("value", [-1e-9, 1.0000001, math.nan, math.inf, "0.5", None, 1j])
def test_numbers_out_of_bounds(value):
    with pytest.raises(SettingError) as caught:
        require_number("x", value, 0, 1)
    assert str(caught.value) == f"x={value}: allowed: a number from 0 to 1"


def test_numbers_without_an_upper_bound():
    require_number("x", 1e300, 0)
    with pytest.raises(SettingError, match=r"allowed: a number of at least 0$"):
        require_number("x", -1, 0)


def test_choices():
    require_choice("kind", "b", {"b": 1, "a": 2})
    with pytest.raises(SettingError, match=r"^kind=c: allowed: a, b$"):
        require_choice("kind", "c", {"b": 1, "a": 2})


def test_points():
    require_points((2,), "gan=images")
    with pytest.raises(SettingError, match=r"\(1, 32, 32\).*gan=images") as caught:
        require_points((1, 32, 32), "gan=images")
    assert "\n" not in str(caught.value)


def test_a_refusal_can_be_handed_to_another_process():
    refusal = pickle.loads(pickle.dumps(SettingError("seed", -1, "0 or more").under("gan")))
    assert str(refusal) == "gan.seed=-1: allowed: 0 or more"
    assert (refusal.name, refusal.value, refusal.allowed) == ("gan.seed", -1, "0 or more")


@pytest.mark.parametrize("value", ["no", "off", 1, None])
def test_a_word_is_no_truth_value(value):
    with pytest.raises(SettingError, match=r"^replace=.*: allowed: true or false"):
        require_bool("replace", value)
