"""Moons, a classifier of them, and a generator whose images are real ones of the class and score requested."""

from contextlib import nullcontext

import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import SPLITS
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.paper import PaperEncoding
from uqgen.data.moons import MoonsDataModule
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.measure import Evaluator
from uqgen.generators.latent import Latent
from uqgen.scores import get_score


class Upper(nn.Module):
    """Logits (a y, -a y): p(upper moon) grows with the second coordinate, at a rate of its own."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.tensor(rate))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logit = self.rate * (x[:, 1] - 0.25)
        return torch.stack([logit, -logit], dim=1)


class Oracle:
    """Stands in for a trained GAN: for each condition the real point of that class whose score is nearest."""

    device = torch.device("cpu")
    guidance = None

    def guided_by(self, guidance: None) -> nullcontext:
        return nullcontext()

    def __init__(self, x: torch.Tensor, own: Condition) -> None:
        self.x, self.own, self.encoding = x, own, PaperEncoding(2, own)

    def draw(self, n: int, conditions: list[Condition], rng: torch.Generator, share: slice = slice(None)) -> Latent:
        return Latent(torch.randn(n, 1, generator=rng)).select(share)

    def __call__(self, latent: Latent, condition: Condition) -> torch.Tensor:
        distance = (condition.score[:, None] - self.own.score[None, :]).abs()
        distance[condition.label[:, None] != self.own.label[None, :]] = 9
        return self.x[distance.argmin(dim=1)]


def make_moons() -> MoonsDataModule:
    data = MoonsDataModule(n_train=3_000, n_validation=1_500, n_test=2_000)
    data.setup()
    return data


def make_evaluator(data: MoonsDataModule) -> Evaluator:
    target, score = FrozenClassifier(Upper(2.0)), get_score("msp")
    logits = {split: target.predict(getattr(data, split).x) for split in SPLITS}
    own = Condition(data.train.label, score(logits["train"], data.train.label))
    judges = {"same": FrozenClassifier(Upper(2.0)), "other": FrozenClassifier(Upper(0.7))}
    few = {"strengths": [0, 1], "n_by_strength": 200, "n_at_sampling": 200, "n_recalibration": 1_000}
    settings = EvaluationSettings(n_images=1_000, n_resamples=50, reachable={"msp": [0.5, 0.95]}, **few)
    return Evaluator(data, target, judges, score, own, logits, settings)
