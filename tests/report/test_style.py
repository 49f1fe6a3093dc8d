import math

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from uqgen.comparison.document import _support
from uqgen.evaluation.cells import in_words
from uqgen.metrics.bootstrap import Estimate
from uqgen.report import style
from uqgen.report.edit_figures import _says
from uqgen.report.explained_page import _gallery_caption
from uqgen.report.score_slider import Strip
from uqgen.score_texts import score_texts
from uqgen.scores import SCORES


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.8124, 0.8031, 0.8216), "0.812 [0.803, 0.822]"),
        (Estimate(0.5, math.nan, math.nan), "0.500"),
        (Estimate(0.000313, 0.000304, 0.000322), "0.00031 [0.00030, 0.00032]"),
        (Estimate(0.0, -0.01, 0.01), "0.000 [-0.010, 0.010]"),
        (Estimate(0.00654, 0.00576, 0.00741), "0.0065 [0.0058, 0.0074]"),
        (Estimate(0.00015, 0.000064, 0.02), "0.000 [0.000, 0.020]"),
        (Estimate(1.6e-17, 1e-19, 2.6e-17), "0.000 [0.000, 0.000]"),
        (Estimate(math.nan, math.nan, math.nan), "undefined"),
    ],
)
def test_a_number_is_written_with_its_interval(estimate, text):
    assert style.with_interval(estimate) == text


def test_every_score_has_a_label_fit_for_an_axis():
    labels = {name: style.score_label(name) for name in SCORES}
    assert labels["msp"] == "MSP"
    assert labels["entropy"] == "entropy (nats)"
    assert not any("_" in label for label in labels.values())
    assert set(style._SCORE_LABELS) <= set(SCORES)


def test_limits_leave_a_margin_also_around_a_constant():
    assert style.padded_limits(np.array([0.0, 1.0, 0.5])) == pytest.approx((-0.03, 1.03))
    assert style.padded_limits(np.array([2.0, 2.0])) == (1.5, 2.5)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (in_words(0.1, 0.1003, False), "at scores from 0.1 to 0.1003"),
        (_support({"edges": [0.1, 0.1003, 0.1006], "counts": [[1, 2]]}), "| class | 0.10000 | 0.10030 |"),
        (Strip("a", b"", ["a", "a"], [0.1001, 0.1004]).html(1, [0.1, 0.1006]), "0.10040"),
        (_gallery_caption("MSP", 0.1003, [0.1, 0.1006]), " at MSP 0.1003, "),
        (_says("cat", 0.1003, [0.1, 0.1006]), "cat\n0.10030"),
    ],
)
def test_scores_of_a_narrow_range_are_told_apart_wherever_they_are_said(said, text):
    assert text in said


def test_scores_of_a_narrow_range_are_told_apart():
    narrow = np.linspace(0.1, 0.1006, 7)
    assert len(set(score_texts(narrow))) == 7
    assert style.interval_label(0.1, 0.1006) == "0.1–0.1006"  # noqa: RUF001
    assert style.interval_text(0.1, 0.1006) == "0.10000 to 0.10060"


@pytest.mark.parametrize("ends", [(0.1, 0.1006), (0.3, 1.0), (-40.0, 3.0), (0.0, 1e-7), (1000.0, 1000.5)])
def test_texts_of_scores_are_off_by_little_of_their_range(ends):
    scores = np.linspace(*ends, 20)
    found = np.array([float(text) for text in score_texts(scores)])
    assert np.abs(found - scores).max() <= (ends[1] - ends[0]) / 40


def test_scores_that_are_all_the_same_or_round_to_zero_are_written():
    assert score_texts([0.7, 0.7]) == ["0.7", "0.7"]
    assert score_texts([-0.001, 1.0], aligned=True) == ["0.00", "1.00"]


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_text_reads_on_white():
    for ink in (style.INK, style.GREY, style.VERMILLION):
        # WCAG 2.2: 4.5 for text, 3 for large or bold text; vermillion is set in bold.
        assert 1.05 / (luminance(ink) + 0.05) >= (3 if ink == style.VERMILLION else 4.5)


def test_scores_differ_in_lightness_so_that_they_survive_grey_printing():
    lightness = [luminance(style.SCORE_COLOURS(score)) for score in np.linspace(0, 1, 20)]
    assert (np.diff(lightness) > 0).all()
    assert lightness[-1] < 0.75
