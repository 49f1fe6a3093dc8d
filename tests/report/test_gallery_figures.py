import numpy as np

from uqgen.explanation.second_choices import SecondChoices
from uqgen.report.gallery_figures import second_choices_figure


def test_of_many_classes_those_chosen_most_are_drawn_and_shares_stay_those_of_all_choices():
    names = [f"class {number}" for number in range(40)]
    often = list(range(3, 35, 2))
    generated = np.zeros((40, 40), int)
    generated[np.ix_(often, often)] = 5
    generated[3, 4] = 20  # the row's second choice is seldom chosen elsewhere
    choices = SecondChoices(0.65, 0.56, 0.74, generated.tolist(), (0 * generated).tolist(), 0.5, 0.5)
    figure = second_choices_figure([choices], names, "msp", seed=0)
    axes = figure.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [names[k] for k in often]
    np.testing.assert_allclose(axes.images[0].get_array()[0], 5 / (16 * 5 + 20))
    assert "16 of 40 classes: those that are most often first or second choice" in figure.get_supxlabel()
