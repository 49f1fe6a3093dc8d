import pytest
import torch
from matplotlib.text import Text

from uqgen.explanation.discovery.discovered import Discovered, Effects
from uqgen.explanation.discovery.discovery import Discovery
from uqgen.explanation.discovery.naming import Naming
from uqgen.explanation.discovery.sufficiency import Sufficiency
from uqgen.explanation.discovery.viewers import Steps
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.plain import as_plain
from uqgen.report.discovery_figures import attribute_figure, discovery_figure
from uqgen.report.explained_page import DISCOVERED, NOTHING, _discovered
from uqgen.report.explanation_tables import discovered_rows
from uqgen.report.page import Paragraph

SOME = Estimate(0.4, 0.3, 0.5)


def attribute(name_r):
    x = torch.randint(0, 256, (5, 3, 1, 8, 8), dtype=torch.uint8)
    score, predicted = torch.full((5, 3), 0.75), torch.zeros(5, 3, dtype=torch.int64)
    predicted[1, 2] = 1
    steps = Steps(x, score, predicted, score, {"judge 1": score - 0.25})
    effects = Effects(SOME, SOME, SOME, SOME, SOME, {"judge 1": SOME})
    named = {"slant": Naming(Estimate(name_r, name_r - 0.1, name_r + 0.1), 1.0)}
    return Discovered(("+ a", "- b"), torch.tensor([1.0, -1]), effects, named, torch.rand(8, 8), steps)


def test_scores_of_a_narrow_range_are_told_apart():
    found = attribute(0.7)
    found.steps.score[0] = torch.tensor([0.1001, 0.1003, 0.1005])
    figure = attribute_figure(found, 1, ["cat", "dog"], "odin_temperature", within=(0.1, 0.1006), seed=0)
    texts = {text.get_text().partition("\n")[0] for text in figure.findobj(Text)}
    assert {"cat 0.10010", "cat 0.10030", "cat 0.10050"} <= texts


def discovery(*found):
    several = tuple([SOME] * len(found))
    return Discovery(found, Sufficiency(0.65, 3, several, several, {"judge 1": SOME}), 0.07, 5, 2)


@pytest.mark.parametrize(("r", "says"), [(0.7, "goes with slant (r = 0.70 [0.60, 0.80])"), (0.3, "no named attribute")])
def test_the_title_and_the_table_say_what_it_goes_with(r, says):
    figure = attribute_figure(attribute(r), 1, ["cat", "dog"], "msp", within=(0.3, 1), seed=0)
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert f"1: {says}; moves 40 % [30, 50] of images" in texts
    assert texts.count("cat 0.75\n(0.50)") == 14
    assert texts.count("dog 0.75\n(0.50)") == 1
    header, row = discovered_rows(as_plain(discovery(attribute(r)).results()), "MSP")
    assert len(header) == len(row)
    assert row[:3] == ["1", says, "0.400 [0.300, 0.500]"]
    assert row[-1] == "+ a, - b"


def test_nothing_is_cut_off():
    found = discovery(attribute(0.7), attribute(0.2))
    both = (
        attribute_figure(found.attributes[0], 1, ["cat", "dog"], "msp", within=(0.3, 1), seed=0),
        discovery_figure(found, "msp", high_means="confident", seed=0),
    )
    for figure in both:
        figure.draw_without_rendering()
        drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert min(drawn.x0, drawn.y0) >= 0
        assert drawn.x1 <= width
        assert drawn.y1 <= height


def test_the_page_shows_each_attribute_and_nothing_of_explanations_that_did_not_look():
    pictures = []

    def picture(name, caption):
        pictures.append(name)
        return Paragraph(caption)

    found = as_plain(discovery(attribute(0.7), attribute(0.2)).results())
    (section,) = _discovered({"score": "msp", "discovered": found}, picture)
    assert section.title == DISCOVERED
    assert set(pictures) == {"discovered", "discovered_1", "discovered_2"}
    assert "MSP" in section.html("x")
    assert _discovered({"score": "msp"}, picture) == _discovered({"score": "msp", "discovered": None}, picture) == []
    (nothing,) = _discovered({"score": "msp", "discovered": as_plain(discovery().results())}, picture)
    assert NOTHING in nothing.html("x")
