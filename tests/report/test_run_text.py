from math import nan
from types import SimpleNamespace

import pytest

from uqgen.evaluation.ratio import Ratio
from uqgen.report.run_text import limits, question, verdict, versions


def measured(*pairs):
    judges = {f"judge {n}": Ratio.of(*pair) for n, pair in enumerate(pairs)}
    return SimpleNamespace(controls=SimpleNamespace(matched_real=SimpleNamespace(judges_pearson=judges)))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(0.7, 0.8), (0.9, 0.8)], "of 0.80 (mean of 2; asked uniformly)"),
        ([(0.7, 0.8), (0.9, 0.8)], "it is 0.80: the generated ones keep 100% of the agreement"),
        ([(0.73, 0.8)], "so nearly all of the uncertainty"),
        ([(0.71, 0.8)], "so most of the uncertainty"),
        ([(0.5, 0.8)], "so part of the uncertainty"),
        ([(-0.1, 0.8)], "so little of the uncertainty"),
        ([(nan, 0.8)], "so an unknown part of the uncertainty"),
    ],
)
def test_the_verdict_goes_by_what_the_judges_reach_of_what_real_images_let_them(pairs, words):
    assert words in verdict("msp", measured(*pairs))


def test_limits_name_the_scores_of_which_there_are_fewest_images():
    first = limits("msp", {"edges": [0.3, 0.5, 0.75, 1.0], "counts": [[5, 1, 900], [3, 2, 90]]})[0]
    assert first.startswith("Of 1,001 training images, 3 have MSP from 0.50 to 0.75:")


def test_question_and_versions_name_what_they_are_about():
    assert "10 classes" in question("msp", 10)
    assert "its MSP from it" in question("msp", 10)
    assert "torch 2." in versions()
