import numpy as np
import pytest
import torch
from matplotlib.text import Text

from uqgen.conditioning.condition import Condition
from uqgen.explanation.given_image import GivenImages
from uqgen.explanation.interpolation import Between, Interpolation
from uqgen.report.between_figure import between_figure
from uqgen.report.style import VERMILLION

NAMES = ["cat", "dog", "owl"]


def between(n):
    """From a sure cat through an owl to a dog."""
    way = torch.linspace(0, 1, n)
    owl = 0.9 * (1 - (2 * way - 1).abs()) ** 2
    made = torch.stack([(1 - owl) * (1 - way), (1 - owl) * way, owl], dim=1)
    vectors = torch.tensor([[0.97, 0.02, 0.01], [0.2, 0.7, 0.1]])
    given = GivenImages(torch.zeros(2, 1, 8, 8).byte(), Condition(torch.tensor([0, 1]), vectors.amax(dim=1), vectors))
    images = torch.arange(n).byte()[:, None, None, None].expand(n, 1, 8, 8)
    return Between(given, torch.tensor([0.1, 0.2]), Interpolation(images, made.amax(dim=1), made))


def figure_of(n):
    figure = between_figure(between(n), NAMES, "msp", (0.3, 1), seed=0)
    figure.draw_without_rendering()
    return figure


def test_says_what_the_classifier_says_and_marks_what_is_neither_image_s_class():
    texts = [text for text in figure_of(5).findobj(Text) if text.get_text()]
    assert {"cat\n0.97\ndog\n0.02", "dog\n0.70\ncat\n0.20", "given", "0.25", "0.5"} <= {t.get_text() for t in texts}
    marked = [text.get_text() for text in texts if text.get_color() == VERMILLION]
    assert marked == ["owl\n0.90\ncat\n0.05"]  # of 0, 0.25, ..., 1 the middle one


@pytest.mark.parametrize(("n", "drawn"), [(2, [0, 1]), (11, range(11)), (41, range(0, 41, 4))])
def test_every_point_of_the_plots_is_under_its_image(n, drawn):
    strip, above, below = figure_of(n).axes
    places = [image.get_window_extent() for image in strip.get_images()]
    pixels = [float(image.get_array()[0, 0]) for image in strip.get_images()[1:-1]]
    assert pixels == pytest.approx([step / 127.5 - 1 for step in drawn], abs=1e-6)
    for plot in (above, below):
        line, given = plot.get_lines()[:2]
        x = plot.transData.transform(line.get_xydata())[list(drawn), 0]
        np.testing.assert_allclose(x, [place.x0 / 2 + place.x1 / 2 for place in places[1:-1]], atol=1)
        ends = plot.transData.transform(given.get_xydata())[:, 0]
        np.testing.assert_allclose(ends, [places[i].x0 / 2 + places[i].x1 / 2 for i in (0, -1)], atol=1)


def test_the_plots_hold_score_and_the_classes_that_are_ever_most_probable():
    _, above, below = figure_of(41).axes
    found = between(41).on_the_way
    np.testing.assert_allclose(above.get_lines()[0].get_ydata(), found.score_out)
    np.testing.assert_allclose(above.get_lines()[1].get_ydata(), [0.97, 0.7], rtol=1e-6)
    lines = {line.get_label(): line.get_ydata() for line in below.get_lines()[::2]}
    for k, name in enumerate(NAMES):
        np.testing.assert_allclose(lines[f"class {name}"], found.probabilities[:, k])


def test_a_class_that_is_never_most_probable_is_not_drawn():
    _, _, below = figure_of(2).axes
    assert {text.get_text() for text in below.get_legend().get_texts()} == {"class cat", "class dog"}
