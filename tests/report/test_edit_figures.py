import pytest
import torch
from matplotlib.text import Text

from uqgen.conditioning.condition import Condition
from uqgen.explanation.edit_changes import EditChanges
from uqgen.explanation.edit_quality import EditQuality
from uqgen.explanation.edits import Edits
from uqgen.explanation.given_image import EditedImage, GivenImages
from uqgen.metrics.bootstrap import Estimate
from uqgen.report.edit_figures import edited_image_figure, edits_figure, quality_rows
from uqgen.report.style import VERMILLION

NAMES = ["cat", "dog"]
SAID = torch.tensor([0.9, 0.6])


def edited(channels):
    given = torch.full((channels, 8, 8), 100, dtype=torch.uint8)
    x, predictions = torch.zeros(2, channels, 8, 8), torch.tensor([0, 1])
    changes = EditChanges(SAID > 0, SAID > 0, SAID, SAID, {}, {})
    ways = ["condition, then guidance", "layers at 8 pixels"]
    return EditedImage(given, 0.97, 0, given, 0.125, ways, torch.tensor([0.8, 0.5]), x, SAID, predictions, changes)


def many():
    x = torch.full((2, 1, 8, 8), 9, dtype=torch.uint8)
    given = GivenImages(x, Condition(torch.tensor([0, 1]), SAID, torch.eye(2)))
    predicted = torch.tensor([[0, 1], [0, 1]])
    made = Edits(x[:, None].repeat(1, 2, 1, 1, 1), SAID.repeat(2, 1), predicted)
    methods = {"condition, then guidance": made, "nearest real image": made}
    return edits_figure(given, torch.tensor([0.3, 1]), methods, NAMES, "msp", seed=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_says_what_the_classifier_says_and_marks_another_class(channels):
    figure = edited_image_figure(edited(channels), NAMES, "msp", seed=0)
    texts = {text.get_text(): text.get_color() for text in figure.findobj(Text) if text.get_text()}
    assert {"cat\n0.97", "error\n0.125", "cat\n0.90", "dog\n0.60", "given", "0.8", "0.5"} <= texts.keys()
    assert {"condition,\nthen guidance", "layers at 8\npixels"} <= texts.keys()
    assert [text for text, colour in texts.items() if colour == VERMILLION] == ["dog\n0.60"]


@pytest.mark.parametrize("make", [lambda: edited_image_figure(edited(1), NAMES, "msp", seed=0), many])
def test_nothing_is_cut_off(make):
    figure = make()
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 >= 0
    assert drawn.y0 >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height


def quality(**viewed):
    number = [Estimate(value, value, value) for value in (0.1, 0.15, 0.2, 0.3, 0.4, 0.5)]
    seen = {name: Estimate(value, value, value) for name, value in viewed.items()}
    return EditQuality(2, 4, *number[:4], 7.54, *number[4:], seen, dict(reversed(seen.items())))


def test_the_table_has_a_row_for_each_method_and_the_mean_of_the_judges():
    header, row = quality_rows({"pixels": quality(**{"target": 0.6, "judge 1": 0.7, "judge 2": 0.9})})
    shown = dict(zip(header, row, strict=True))
    assert shown == {
        "": "pixels",
        "score reached": "0.100",
        "held": "0.15",
        "L2 moved": "0.30",
        "Fréchet distance": "7.5",
        "followed: target": "0.60",
        "followed: judges": "0.80",
        "true class kept: target": "0.60",
        "true class kept: judges": "0.80",
    }


def test_the_table_without_judges_is_of_the_target():
    header, row = quality_rows({"pixels": quality(target=0.6)})
    assert header[-2:] == ["followed: target", "true class kept: target"]
    assert row[-2:] == ["0.60", "0.60"]
