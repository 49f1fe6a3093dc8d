import math

import pytest

from uqgen.metrics.plain import as_plain, find_at

RESULTS = {
    "a": {"mae": {"value": 0.5, "low": 0.25, "high": None}, "bias": None},
    "judges": {"one": {"r": 1.0}, "two": {"r": 3.0}, "three": {}},
    "by_strength": [{"strength": 0.0, "n": 1}, {"strength": 1.5, "n": 2}],
    "bins": [{"n": 4}, {"n": 5}],
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a/mae", {"a/mae": 0.5}),
        ("a/mae/low", {"a/mae/low": 0.25}),
        ("a/bias", {"a/bias": math.nan}),
        ("a/nothing/at/all", {"a/nothing/at/all": math.nan}),
        ("judges/*/r", {"judges/one/r": 1.0, "judges/two/r": 3.0, "judges/three/r": math.nan}),
        ("nobody/*/r", {}),
        ("by_strength/*/n", {"by_strength/0/n": 1, "by_strength/1.5/n": 2}),
        ("by_strength/0/n", {"by_strength/0/n": 1}),
        ("bins/1/n", {"bins/1/n": 5}),
    ],
)
def test_what_stands_at_a_path(path, values):
    found = {each.key: each.value for each in find_at(RESULTS, path)}
    assert found == pytest.approx(values, nan_ok=True)


def test_a_find_tells_what_its_stars_are_and_what_stands_beside_it():
    first, second, _ = find_at(RESULTS, "judges/*/r")
    assert (first.stars, second.stars) == (("one",), ("two",))
    (found,) = find_at(RESULTS, "by_strength/1.5/n")
    assert found.beside == {"strength": 1.5, "n": 2}


def test_what_json_lacks_becomes_none():
    assert as_plain({"a": (1.0, math.nan), "b": math.inf, "c": "x"}) == {"a": [1.0, None], "b": None, "c": "x"}
