import numpy as np
import pytest

from uqgen.report.score_figures import distribution_figure
from uqgen.settings import SettingError

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.beta(5, 1, 400), RNG.beta(2, 1, 100)


def test_bars_are_shares_of_each_set_over_the_same_bins():
    (axes,) = distribution_figure(REAL, FAKE, "msp", seed=0).axes
    reach = min(REAL.min(), FAKE.min()), max(REAL.max(), FAKE.max())
    bars, outline = axes.patches[:-1], axes.patches[-1]
    np.testing.assert_allclose([bar.get_height() for bar in bars], np.histogram(REAL, 50, reach)[0] / 400)
    # The outline goes up, along each bin twice, and down.
    np.testing.assert_allclose(outline.get_xy()[1:-1:2, 1], np.histogram(FAKE, 50, reach)[0] / 100)
    assert axes.get_xlim() == pytest.approx(reach)
    assert axes.get_yscale() == "log"


def test_says_what_is_shown():
    figure = distribution_figure(REAL, FAKE, "entropy", seed=4)
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("entropy (nats) achieved", "share of all, per bin")
    assert [text.get_text() for text in figure.legends[0].texts] == ["real", "generated"]
    assert figure.get_supxlabel() == "400 real · 100 generated · seed 4"


def test_refuses_other_shapes():
    with pytest.raises(SettingError, match=r"real.shape=\(0,\): allowed: \(N\)"):
        distribution_figure([], FAKE, "msp", seed=0)
    with pytest.raises(SettingError, match=r"fake.shape=\(1, 100\): allowed: \(M\)"):
        distribution_figure(REAL, FAKE[None], "msp", seed=0)
