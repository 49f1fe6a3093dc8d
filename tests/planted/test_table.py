import json

import numpy as np
import pytest

from uqgen.metrics.plain import as_plain
from uqgen.planted.methods import Reported
from uqgen.planted.outcome import Attributes, Judged, Outcome, judge
from uqgen.planted.rows import attribute_rank, attribute_rows, rank_of, rows_of
from uqgen.planted.table import BEST_RANKING, read_outcomes, write_table
from uqgen.settings import SettingError

HIT, MISS = Judged(20, 0.5, True, 1.0, 0.9, 0.5), Judged(20, 0.5, True, 0.1, 0.1, 0.1)
QUIET = Judged(20, 0.5, False, 1.0, 0.9, 0.5)


def outcome(kind, seed, is_weak=True, attributes=None, is_there=True, **methods):
    is_weak = is_weak and kind != "sound"
    return Outcome(kind, seed, 7, 100, 0.6, 0.05, is_weak, methods, attributes, is_there)


def test_a_slice_is_held_against_the_truth():
    truth = np.zeros(100, bool)
    truth[:20] = True
    found = judge(Reported((0, 1, 2, 3, 4, 5, 6, 7, 50, 51, 8, 9, 60), True, 0.4), truth)
    assert found.precision_at_10 == 0.8
    assert (found.precision, found.recall) == (10 / 13, 0.5)
    assert judge(Reported((), True, np.nan), truth).precision_at_10 == 0
    assert np.isnan(judge(Reported((1,), True, 0.4), np.zeros(100, bool)).precision)


def test_the_place_counts_what_the_method_stands_by():
    assert rank_of([QUIET, MISS, HIT]) == 2
    assert rank_of([MISS, QUIET]) is None


def test_a_row_counts_finds_among_the_first_three_and_alarms_on_sound_classifiers():
    outcomes = [
        outcome("slanted", 0, ours=[HIT]),
        outcome("slanted", 1, ours=[MISS, MISS, MISS, HIT]),
        outcome("spot", 0, ours=[QUIET]),
        outcome("spot", 1, is_weak=False, ours=[HIT]),
        outcome("sound", 0, ours=[MISS]),
        outcome("sound", 1, ours=[QUIET]),
    ]
    (row,) = rows_of(outcomes)
    assert row.found.value == pytest.approx(1 / 3)
    assert row.precision_at_10.value == pytest.approx((1 + 0.1 + 0) / 3)
    assert row.rank == 2.5
    assert row.false_alarms.value == 0.5


def test_the_planted_attribute_is_the_first_that_is_mostly_it_in_images_of_its_class():
    slant, area = ("slant", "area"), ("area", "slant")
    third = Attributes(7, {"by score": (area, (), slant)}, {"by score": (area,)})
    assert attribute_rank(outcome("slanted", 0, attributes=third), "by score") == 3
    assert attribute_rank(outcome("slanted", 0, attributes=third), "by score", sound=True) is None
    assert attribute_rank(outcome("slanted", 0, attributes=third, is_there=False), "by score") is None
    first = Attributes(7, {"by score": (slant,)}, {"by score": ((), slant)})
    outcomes = [
        outcome("slanted", 0, attributes=third),
        outcome("slanted", 1, attributes=first),
        outcome("slanted", 2, is_weak=False, attributes=first),
        outcome("spot", 0, attributes=first),
        outcome("sound", 0, attributes=first),
    ]
    (row,) = attribute_rows(outcomes)
    assert (row.first.value, row.among_first.value, row.rank, row.sound.value) == (0.5, 1, 2, 0.5)
    assert attribute_rows([outcome("slanted", 0), outcome("spot", 0, attributes=first)]) == []


def test_jobs_are_read_again_and_written_as_table(tmp_path):
    not_weak = outcome("thick", 0, is_weak=False, slices=[QUIET])
    attributes = Attributes(7, {BEST_RANKING: (("slant", "area"), ())}, {BEST_RANKING: ()})
    for one in (
        outcome("slanted", 0, slices=[HIT], attributes=attributes),
        outcome("sound", 0, slices=[QUIET]),
        not_weak,
    ):
        (tmp_path / f"{one.kind},seed={one.seed}.json").write_text(json.dumps(as_plain(one)))
    outcomes = read_outcomes(tmp_path)
    assert [each.attributes for each in outcomes] == [attributes, None, None]
    read = [(each.kind, each.methods["slices"]) for each in outcomes]
    assert read == [("slanted", [HIT]), ("sound", [QUIET]), ("thick", [QUIET])]
    assert write_table(outcomes, tmp_path) == 1
    text = (tmp_path / "planted.md").read_text()
    assert text.startswith("1 classifiers are weak where it was planted, 1 are not, and do not count; 1 are sound.")
    assert "| slices | 1.00" in text
    assert "| thick | 7 | 100 | 0.60 | 0.05 | not weak | stroke thickness | not weak |" in text
    assert f"| {BEST_RANKING} | 1.00 [0.21, 1.00] | 1.00 [0.21, 1.00] | 1 | 0.00 [0.00, 0.79] |" in text
    assert json.loads((tmp_path / "planted.json").read_text())["methods"][0]["false_alarms"]["value"] == 0


def test_results_of_an_earlier_version_are_refused(tmp_path):
    old = {name: value for name, value in as_plain(outcome("slanted", 0, slices=[HIT])).items() if name != "attributes"}
    (tmp_path / "slanted,seed=0.json").write_text(json.dumps(old))
    with pytest.raises(SettingError, match=r"folder=.*: allowed: a new folder"):
        read_outcomes(tmp_path)
