import numpy as np
import pytest

from uqgen.report.training_figure import training_figure
from uqgen.settings import SettingError

N_IMAGES = np.arange(1, 101) * 500
NOISE = np.random.default_rng(0).normal(size=100)


def test_draws_each_curve_against_thousands_of_images():
    figure = training_figure(N_IMAGES, {"generator loss": NOISE, "images/s": NOISE + 400}, seed=0)
    for axes, name, values in zip(figure.axes, ("generator loss", "images/s"), (NOISE, NOISE + 400), strict=True):
        thin, thick = axes.lines
        np.testing.assert_array_equal(thin.get_data(), (N_IMAGES / 1000, values))
        np.testing.assert_array_equal(thick.get_xdata(), N_IMAGES / 1000)
        # 5 % of 100 values: a mean over 5.
        np.testing.assert_allclose(thick.get_ydata()[2:-2], np.convolve(values, np.ones(5) / 5, "valid"))
        assert axes.get_title("left") == name


def test_leaves_out_what_was_not_logged():
    sparse = np.where(N_IMAGES % 5000 == 0, NOISE, np.nan)
    (axes,) = training_figure(N_IMAGES, {"Pearson": sparse}, seed=0).axes
    thin, thick = axes.lines
    np.testing.assert_array_equal(thin.get_data(), (N_IMAGES[9::10] / 1000, NOISE[9::10]))
    np.testing.assert_allclose(thick.get_data(), thin.get_data())


def test_the_lowest_of_each_column_is_labelled():
    figure = training_figure(N_IMAGES, {f"curve {number}": NOISE for number in range(5)}, seed=2)
    assert len(figure.axes) == 5
    assert [axes.get_xlabel() for axes in figure.axes] == ["", ""] + 3 * ["images shown (thousands)"]
    assert "seed 2" in figure.get_supxlabel()


def test_refuses_no_curve_and_a_curve_of_another_length():
    with pytest.raises(SettingError, match="curves=0: allowed: at least one"):
        training_figure(N_IMAGES, {}, seed=0)
    with pytest.raises(SettingError, match=r"R1.shape=\(99,\): allowed: \(100\)"):
        training_figure(N_IMAGES, {"loss": NOISE, "R1": NOISE[1:]}, seed=0)


def test_a_curve_of_one_point_is_seen():
    single = np.where(np.arange(100) == 7, NOISE, np.nan)
    (axes,) = training_figure(N_IMAGES, {"penalty": single}, seed=0).axes
    assert axes.lines[1].get_marker() == "o"
    assert axes.lines[1].get_xydata().tolist() == [[4.0, NOISE[7]]]
