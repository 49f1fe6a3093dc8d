"""A generator whose channels are known: patches of an image, and how bright all of it is."""

from types import SimpleNamespace

import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.evaluation.judge import Judge
from uqgen.explanation.discovery.subjects import Subjects
from uqgen.explanation.discovery.viewers import Viewers
from uqgen.generators.channels import Channels
from uqgen.generators.latent import Latent
from uqgen.scores import get_score

MSP = get_score("msp")


class Patches(Channels):
    """Sixteen patches of an 8 x 8 image, each as bright as its channel says, and what else is to be changed."""

    def __init__(self, extra=()):
        masks = torch.eye(16).view(16, 1, 4, 4).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        self.patterns = torch.cat([0.15 * masks, *extra])
        self.names = (*(f"patch {number}" for number in range(16)), *(f"extra {n}" for n in range(len(extra))))
        self.reference = torch.randn(300, len(self.patterns), generator=torch.Generator().manual_seed(1))

    def values(self, code, latent, parts):
        return code

    def decode(self, code, latent, parts, change):
        return torch.einsum("nk,kchw->nchw", code + change, self.patterns)


def subjects_of(channels, n=60):
    z = torch.randn(n, len(channels.patterns), generator=torch.Generator().manual_seed(2))
    inverter = SimpleNamespace(encoding=lambda condition: (), code=lambda latent, parts: latent.z)
    return Subjects.of(channels, inverter, Latent(z), Condition(torch.zeros(n, dtype=torch.int64), torch.ones(n)))


def linear(weight, bias=0.0):
    """Two classes, the log-odds of the first linear in the pixels."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    with torch.no_grad():
        network[1].weight.copy_(torch.stack([weight.flatten(), torch.zeros(64)]))
        network[1].bias.copy_(torch.tensor([bias, 0.0]))
    return FrozenClassifier(network)


def viewers(target, **judges):
    return Viewers(target, MSP, {name: Judge(judge, MSP) for name, judge in judges.items()}, (0.5, 1.0))
