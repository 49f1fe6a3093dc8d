"""Classes made of a network's outputs, by closed forms."""

import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.output_classes import OutputClasses
from uqgen.classifiers.own_network import OwnNetwork
from uqgen.settings import SettingError

SHAPE = (1, 4, 4)


def test_a_chosen_set_of_outputs_has_the_softmax_over_these():
    logits = torch.randn(50, 9) * 3
    chosen = OutputClasses([7, 0, 4])
    assert chosen(logits).equal(logits[:, [7, 0, 4]])
    p = logits.softmax(dim=1)[:, [7, 0, 4]]
    torch.testing.assert_close(chosen(logits).softmax(dim=1), p / p.sum(dim=1, keepdim=True))


def test_the_probability_of_a_class_is_the_sum_of_those_of_its_outputs():
    logits = torch.randn(50, 6, dtype=torch.float64) * 3
    found = OutputClasses([[5, 1, 0], 3, [2, 4]])(logits)
    p = logits.softmax(dim=1)
    expected = torch.stack([p[:, [5, 1, 0]].sum(dim=1), p[:, 3], p[:, [2, 4]].sum(dim=1)], dim=1)
    torch.testing.assert_close(found.softmax(dim=1), expected)
    # Nothing is left out, so the log-sum-exp of all outputs, which is the negative free energy, is theirs.
    torch.testing.assert_close(found.logsumexp(dim=1), logits.logsumexp(dim=1))


@pytest.mark.parametrize("scale", [1, 1e4])
def test_gradients_go_to_the_outputs_that_are_used_and_are_finite(scale):
    logits = (torch.randn(20, 6) * scale).requires_grad_()
    OutputClasses([[5, 1], 3])(logits).softmax(dim=1)[:, 0].sum().backward()
    assert logits.grad.isfinite().all()
    assert not logits.grad[:, [0, 2, 4]].any()


class Linear(nn.Module):
    def __init__(self, n_outputs=6, probabilities=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_outputs, 16, generator=torch.Generator().manual_seed(3)))
        self.probabilities = probabilities

    def forward(self, x):
        logits = x.flatten(1) @ self.weight.T
        return logits.softmax(dim=1) if self.probabilities else logits


def own(classes, outputs="logits"):
    network = Linear(probabilities=outputs == "probabilities")
    return OwnNetwork(network, 1, 4, [0.5], [0.5], outputs, classes=OutputClasses(classes))


def test_a_network_of_many_outputs_is_a_classifier_of_the_classes_of_the_data():
    images = torch.rand(8, *SHAPE) * 2 - 1
    found = {}
    for outputs in ("logits", "probabilities"):
        network = own([[0, 2], 5], outputs)
        network.try_out(SHAPE, 2)
        found[outputs] = FrozenClassifier(network)(images).softmax(dim=1)
    p = Linear(probabilities=True)(images)
    expected = torch.stack([p[:, 0] + p[:, 2], p[:, 5]], dim=1) / p[:, [0, 2, 5]].sum(dim=1, keepdim=True)
    for probabilities in found.values():
        torch.testing.assert_close(probabilities, expected.detach())


def test_the_same_weights_with_other_classes_are_another_classifier():
    digests = set()
    for classes in ([0, 1], [1, 0], [[0, 2], 1]):
        network = own(classes)
        network.try_out(SHAPE, 2)
        digests.add(FrozenClassifier(network).digest())
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([3], "classes=[3]: allowed: for each class the position of an output"),
        ([3, -1], "classes=[3, -1]: allowed: for each class the position of an output"),
        ([3, []], "classes=[3, []]: allowed: for each class the position of an output"),
        ([3, "cat"], "classes=[3, 'cat']: allowed: for each class the position of an output"),
        ([3, [1, 3]], "classes=output [3] twice: allowed: each output in one place alone"),
        ([3, 1, 2], "classes=a list of 3: allowed: 2: one for each class"),
        ([3, [1, 6]], "classes=output 6: allowed: below 6, which is how many outputs it has"),
    ],
)
def test_what_is_no_choice_of_outputs_is_refused(classes, message):
    with pytest.raises(SettingError) as caught:
        own(classes).try_out(SHAPE, 2)
    assert str(caught.value).startswith(message)
