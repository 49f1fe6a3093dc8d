"""What holds for all figures, whatever they show."""

from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import matplotlib as mpl
import numpy as np
import pytest
from made_up_figures import FIGURES
from matplotlib import pyplot
from matplotlib.text import Text

from uqgen.report.saving import DPI, png
from uqgen.report.style import SMALL_PRINT, WIDTH


def shared():
    """What the whole process has: figures of pyplot, and settings; the backend is chosen by whoever asks first."""
    return pyplot.get_fignums(), {name: value for name, value in mpl.rcParams.items() if name != "backend"}


def crowded(name):
    """Whether the same figure of many classes is there, which all that is wrong with few is wrong with."""
    return f"crowd, {name}" in FIGURES


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.slow if crowded(name) else []) for name in FIGURES], scope="module"
)
def figure(request):
    """A figure; what the process shares is looked at around it alone, since whatever ran before may have changed it."""
    before = shared()
    made = FIGURES[request.param]()
    with mock.patch.object(Text, "draw", autospec=True, side_effect=Text.draw) as draw:
        made.draw_without_rendering()
    made.drawn_texts = [call.args[0] for call in draw.call_args_list]
    made.changed_what_is_shared = shared() != before
    return made


def test_nothing_is_cut_off(figure):
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert drawn.x0 >= 0
    assert drawn.y0 >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height


def test_fits_the_report_and_can_be_read_there(figure):
    assert figure.get_figwidth() <= WIDTH
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= SMALL_PRINT


def test_no_text_lies_on_another_nor_on_other_axes(figure):
    texts = [text for text in figure.drawn_texts if text.get_visible() and text.get_text().strip()]
    places, panels = (boxes(artists) for artists in (texts, figure.axes))
    for one, other in np.argwhere(np.triu(cover(places, places), k=1)):
        raise AssertionError(f"{texts[one]} lies on {texts[other]}")
    is_own = np.array([[text.axes is axes for axes in figure.axes] for text in texts])
    for text, axes in np.argwhere(cover(places, panels) & ~is_own):
        raise AssertionError(f"{texts[text]} lies on {figure.axes[axes]}")


def boxes(artists):
    """What they cover, float [N, 4]: left, lower, right and upper edge in pixels."""
    return np.array([artist.get_window_extent().extents for artist in artists]).reshape(-1, 4)


def cover(places, others):
    """Whether two boxes share more than a pixel's width and height, bool [N, M]."""
    places, others = places[:, None], others[None]
    shared = np.minimum(places[..., 2:], others[..., 2:]) - np.maximum(places[..., :2], others[..., :2])
    return (shared > 1).all(axis=-1)


def test_is_not_too_high_to_look_at(figure):
    assert figure.get_figheight() * DPI <= 4_000


def test_says_which_of_many_classes_it_shows(request, figure):
    (name,) = {request.node.callspec.params["figure"]}
    has_rows = name.startswith("crowd") and name != "crowd, between"
    assert ("of 200 classes: " in figure.get_supxlabel().replace("\n", " ")) == has_rows


def test_says_its_seed(figure):
    assert "seed 0" in figure.get_supxlabel()


def test_neither_pyplot_nor_the_settings_are_touched(figure):
    assert not figure.changed_what_is_shared


def test_threads_draw_what_one_alone_draws():
    names = ["judges", "distribution", "small grid"]
    alone = {name: png(FIGURES[name](), 50) for name in names}
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda name: png(FIGURES[name](), 50), names * 2))
    assert together == [alone[name] for name in names * 2]
