import numpy as np
import pytest

from uqgen.report.realism_figures import side_by_side_figure
from uqgen.report.shown_classes import ShownClasses
from uqgen.settings import SettingError

RNG = np.random.default_rng(0)
NAMES = ShownClasses.all(["cat", "dog"])
GENERATED, REAL = RNG.uniform(-1, 1, (2, 2, 12, 1, 8, 8))


def test_generated_images_stand_left_and_real_ones_right_in_their_places():
    left, right = side_by_side_figure(GENERATED, REAL, NAMES, "MSP 0.99 to 1", seed=3).axes
    for axes, images in ((left, GENERATED), (right, REAL)):
        sheet = axes.images[0].get_array()
        np.testing.assert_allclose(sheet[10:18, 30:38], (images[1, 3, 0] + 1) / 2)
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("generated", "real")
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["cat", "dog"]


def test_the_small_print_says_that_none_was_selected():
    figure = side_by_side_figure(GENERATED, REAL, NAMES, "MSP 0.99 to 1", seed=3)
    assert "none selected" in figure.get_supxlabel()
    with pytest.raises(SettingError):
        side_by_side_figure(GENERATED[0], REAL[0], NAMES, "", seed=3)
