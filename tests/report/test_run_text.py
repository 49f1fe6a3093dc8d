import shlex
from math import nan

import pytest
from made_up_measurements import faults, verdict

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.plain import as_plain
from uqgen.metrics.ratio import Ratio
from uqgen.report.run_text import (
    distances,
    judges_in_full,
    judges_in_short,
    limits,
    question,
    summary,
    training_command,
    verdict_in_short,
)
from uqgen.scores import SCORES


def judged(*pairs, own=1.0):
    judges = {f"judge {n}": as_plain(Ratio.of(*pair)) for n, pair in enumerate(pairs)}
    found = {"uniform": {"pearson": as_plain(Estimate(own, own, own))}}
    return {"score": "msp", "in_vs_out": found, "controls": {"matched_real": {"judges_pearson": judges}}}


def of(edges, counts, is_image, score="msp"):
    support, realism = {"edges": edges, "counts": counts}, {"images": {"fid": 1.0} if is_image else None}
    return {"score": score, "support": support, "realism": realism}


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(0.7, 0.8), (0.9, 0.8)], "of 0.80 (mean of 2; requested uniformly)"),
        ([(0.7, 0.8), (0.9, 0.8)], "would reach the product, 0.80; 0.80 is 100 % of that"),
        ([(0.5, 0.1), (0.5, 0.1)], "so they prove nothing"),
        ([(0.5, nan)], "so they prove nothing"),
        ([(0.73, 0.8)], "so nearly all of the uncertainty"),
        ([(0.71, 0.8)], "so most of the uncertainty"),
        ([(0.5, 0.8)], "so part of the uncertainty"),
        ([(-0.1, 0.8)], "so little of the uncertainty"),
        ([(nan, 0.8)], "so an unknown part of the uncertainty"),
    ],
)
def test_the_verdict_goes_by_what_the_judges_reach_of_what_real_images_let_them(pairs, words):
    assert words in judges_in_full(judged(*pairs))


def test_the_verdict_in_short_says_the_part_or_that_the_judges_have_no_say():
    assert "see most of the uncertainty, too" in judges_in_short(judged((0.6, 0.8)))
    assert "cannot confirm" in judges_in_short(judged((0.6, 0.1)))
    assert "cannot confirm" in judges_in_short(judged((0.6, nan)))


@pytest.mark.parametrize(("seen", "words"), [(0.38, "nearly all"), (0.3, "most"), (0.2, "part"), (0.05, "little")])
def test_the_judges_of_a_weak_target_are_judged_as_in_the_verdict(seen, words):
    results, target = judged((seen, 0.8), own=0.5), verdict(judged=(seen, 0.8), pearson=0.5)
    assert f"see {words} of the uncertainty" in judges_in_short(results)
    assert f"so {words} of the uncertainty" in judges_in_full(results)
    assert ("adversarial" in faults(target)) == (words in ("part", "little"))


def test_judges_prove_nothing_where_the_target_does_not_find_what_was_requested():
    for own in (0.1, nan):
        results = judged((0.1, 0.8), own=own)
        assert "hardly finds what was requested" in judges_in_short(results)
        assert "prove nothing" in judges_in_full(results)


def test_the_summary_is_five_sentences_of_the_main_numbers():
    curve = [{"low": 0.3, "high": 0.5}, {"low": 0.5, "high": 1.0}]
    results = {
        **judged((0.6, 0.8)),
        "class_agreement": {"data": {"value": 0.946}},
        "verdict": {"is_sound": True, "findings": [], "n_measured": 4, "n_cells": 5},
        "real_judges": {"judge 0": {}},
        "realism": {"images": None, "sliced_wasserstein": 0.25, "sliced_wasserstein_floor": 0.0312},
    }
    results["in_vs_out"]["uniform"] |= {"mae": {"value": 0.0061}, "curve": curve}
    results["controls"]["matched_real"]["class_agreement"] = {"data": {"value": 0.939}}
    verdict, score, label, judges, distance = summary(results).splitlines()
    assert verdict.startswith("No fault was found")
    assert score == (
        "Requested uniformly from 0.3 to 1, MSP is missed by 0.006 on average; "
        "always achieving the middle would miss it by 0.175."
    )
    assert "in 95 % of the generated points, and in 94 % of real points" in label
    assert "most of the uncertainty" in judges
    assert "0.25" in distance


def test_limits_tell_the_parts_of_a_narrow_range_apart():
    first = limits(of([0.1, 0.1003, 0.1006], [[5, 900], [3, 90]], is_image=True, score="odin_temperature"))[0]
    assert "from 0.10000 to 0.10060, 8 have it from 0.10000 to 0.10030" in first


def test_the_verdict_is_one_sentence_of_the_first_fault():
    verdict = {"is_sound": True, "findings": [], "n_measured": 4, "n_cells": 5}
    assert verdict_in_short(verdict) == "No fault was found; 4 of 5 classes and parts of the range were measured."
    faults = [{"text": "At scores from 0 to 1, worse."}, {"text": "Other."}]
    one, two = ({**verdict, "is_sound": False, "findings": some} for some in (faults[:1], faults))
    assert verdict_in_short(one) == "Fault found: at scores from 0 to 1, worse."
    assert "(1 more below)" in verdict_in_short(two)
    assert "could not be measured" in verdict_in_short({**verdict, "is_sound": None})


def test_limits_name_the_scores_of_which_there_are_fewest_images():
    first = limits(of([0.3, 0.5, 0.75, 1.0], [[5, 1, 900], [3, 2, 90]], is_image=True))[0]
    assert first.startswith("Of 1,001 training images with MSP from 0.30 to 1.00, 3 have it from 0.50 to 0.75:")
    assert first.endswith("learnt from few.")
    enough = limits(of([0.3, 0.5, 1.0], [[100, 900]], is_image=True))[0]
    assert enough.endswith("100 have it from 0.30 to 0.50: the least of all parts of the range.")
    assert limits(of([0.3, 0.5, 1.0], [[99, 900]], is_image=True))[0].endswith("learnt from few.")
    none = limits(of([0.5, 0.75, 1.0], [[5, 0], [5, 0]], is_image=False))
    assert none[0].startswith("Of 10 training points with MSP from 0.50 to 1.00, 0 have it from 0.75 to 1.00:")
    assert none[0].endswith("learnt from none.")
    assert not any("image" in limit or "network" in limit for limit in none)


@pytest.mark.parametrize("name", SCORES)
def test_the_question_says_what_the_score_is(name):
    requested = question(of([], 10 * [[]], is_image=False, score=name))
    meaning = requested.partition(" (")[2].partition("; high where")[0]
    assert len(meaning.split()) > 5
    assert "image" not in requested.replace(meaning, "")


def test_the_question_names_what_it_is_about():
    requested = question(of([], 10 * [[]], is_image=True))
    assert "10 classes" in requested
    assert "its MSP from it (the maximum softmax probability" in requested
    assert "; high where the classifier is confident)" in requested


def test_the_distance_stands_beside_its_floor():
    points = {"images": None, "sliced_wasserstein": 0.25, "sliced_wasserstein_floor": 0.0312}
    (said,) = distances({"realism": points})
    assert said.endswith("a sliced Wasserstein distance of 0.25 from real training data, other real data 0.0312.")


def test_the_command_is_the_one_that_was_given_less_where_files_lie():
    given = ["experiment=moons", "run=a b", "cache=c", "model.training.n_images=5", 'name="x, y"']
    said = training_command("moons", {"overrides": given, "seed": 3})
    assert shlex.split(said)[3:] == ["experiment=moons", "model.training.n_images=5", 'name="x, y"']
    assert training_command("moons", {"seed": 3}) == "python -m uqgen.train experiment=moons seed=3"
