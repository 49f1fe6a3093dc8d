import torch
from torch import nn

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.ensemble import Ensemble
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.penultimate import SeenFeatures

X = torch.randint(0, 256, (30, 1, 8, 8), dtype=torch.uint8)


def test_they_are_the_inputs_of_the_last_layer_of_which_no_difference_of_logits_is_left():
    network = CNN((1, 8, 8), 3, channels=(4,), hidden=16)
    found = SeenFeatures(FrozenClassifier(network), 3)(X, batch_size=7)
    inputs = nn.Sequential(*list(network)[:-1])(X.float() / 127.5 - 1).double()
    assert found.shape == (30, 16)
    weight = network[-1].weight.double()
    logits = found @ weight.T
    assert torch.allclose(logits, logits.mean(dim=1, keepdim=True).expand_as(logits), atol=1e-6)
    assert torch.linalg.matrix_rank(inputs - found, atol=1e-6) == 2  # K - 1: nothing else is lost
    assert (inputs - found).norm() > 0.1


def test_members_stand_beside_each_other():
    members = [CNN((1, 8, 8), 3, channels=(4,), hidden=16) for _ in range(2)]
    found = SeenFeatures(FrozenClassifier(Ensemble(members)), 3)(X)
    alone = [SeenFeatures(FrozenClassifier(member), 3)(X) for member in members]
    assert torch.allclose(found, torch.cat(alone, dim=1))


def test_a_network_without_a_last_layer_has_its_logits_and_pixels():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 64))

        def forward(self, x):
            return x.flatten(1) @ self.weight.T

    classifier = FrozenClassifier(Odd())
    found = SeenFeatures(classifier, 3)(X)
    assert torch.allclose(found[:, :3].float(), classifier.predict(X))
    assert found.shape == (30, 3 + 16)
