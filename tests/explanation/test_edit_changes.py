from types import SimpleNamespace

import pytest
import torch

from uqgen.data.attributes import ATTRIBUTES
from uqgen.evaluation.judge import Judge
from uqgen.explanation.edit_changes import EditChanges, measure_edits
from uqgen.scores import get_score


@pytest.fixture
def changes(linear):
    """Of a dark image: nothing, a bright quarter, and a hardly visible change of all pixels."""
    given = torch.zeros(1, 8, 8, dtype=torch.uint8)
    x = given.repeat(3, 1, 1, 1)
    x[1, :, :4, :4] = 255
    x[2] = 20
    real = torch.arange(0, 250, 10, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 1, 8, 8)
    judges = {"judge 1": Judge(linear, get_score("msp"))}
    context = SimpleNamespace(fitted_judges=judges, reference=SimpleNamespace(data=SimpleNamespace(x=real)))
    return measure_edits(context, given, 0, x, *torch.tensor([[True, True, False], [True, False, False]]))


def test_distance_and_sparsity_are_of_the_pixels(changes):
    torch.testing.assert_close(changes.distance, torch.tensor([0, 4.0, 8 * 20 / 255]))
    torch.testing.assert_close(changes.sparsity, torch.tensor([1, 0.75, 1]))


def test_judges_score_the_image_given_and_then_its_edits(changes, linear):
    said = changes.judges["judge 1"]
    assert said.shape == (4,)
    assert said[0] == said[1]
    both = torch.tensor([0, 20], dtype=torch.uint8).view(2, 1, 1, 1).repeat(1, 1, 8, 8)
    torch.testing.assert_close(said[[0, 3]], linear.predict(both).softmax(dim=1).amax(dim=1))


def test_attributes_change_in_standard_deviations_among_real_images(changes):
    assert changes.attributes.keys() == ATTRIBUTES.keys()
    spread = torch.arange(0, 250, 10).double().std() / 255
    expected = torch.tensor([0, 0.25, 20 / 255]) / spread
    torch.testing.assert_close(changes.attributes["brightness"], expected.float())


def test_shares_are_parts_of_the_whole_and_none_where_nothing_changes(changes):
    total = torch.stack(list(changes.shares.values())).sum(dim=0)
    torch.testing.assert_close(total, torch.tensor([0, 1.0, 1]))
    two = {"a": torch.tensor([-3.0]), "b": torch.tensor([1.0])}
    changes = EditChanges(total, total, total, total, {}, two)
    assert changes.shares == {
        "a": torch.tensor([0.75]),
        "b": torch.tensor([0.25]),
    }
