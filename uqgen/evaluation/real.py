"""The real images of a split, and what is said of them."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from uqgen import distributed
from uqgen.chunks import mapped
from uqgen.classifiers.predictions import predict
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import LabelledData, unit_range
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.real_cells import ScoredImages
from uqgen.metrics.fidelity import extract_features
from uqgen.scores import Score

CHUNK = 500  # images held as float32 at once


@dataclass(frozen=True)
class RealImages:
    """Real images of one split; what is said of them is computed when it is first needed.

    Attributes:
        data: images and classes.
        logits: float32 [N, K] or [N, M, K], the target's.
        judges: on `device`.
        measure: the score.
        network: of the features, on the device where to compute; None for points.
    """

    data: LabelledData
    logits: Tensor
    judges: dict[str, Judge]
    measure: Score
    network: nn.Module | None

    @cached_property
    def score(self) -> Tensor:
        """Scores by the target, float32 [N]."""
        return self.measure(self.logits, self.data.label)

    @property
    def condition(self) -> Condition:
        """Class and score of each image."""
        return Condition(self.data.label, self.score)

    @property
    def scored(self) -> ScoredImages:
        """The images with their class and score."""
        return ScoredImages(self.data.x, self.data.label, self.score)

    @cached_property
    def judge_logits(self) -> dict[str, Tensor]:
        """What each judge says, float32 [N, K] or [N, M, K]."""
        return {name: predict(judge.classifier, self.data.x) for name, judge in self.judges.items()}

    @cached_property
    def judge_scores(self) -> dict[str, Tensor]:
        """Scores by each judge, float32 [N]."""
        return {name: self.judges[name].score(said, self.data.label) for name, said in self.judge_logits.items()}

    @cached_property
    def features(self) -> Tensor:
        """See `features_of`."""
        return features_of(self.data.x, self.network)


def features_of(x: Tensor, network: nn.Module | None) -> Tensor:
    """Where sets of data are compared: features of images, the coordinates of points; every process does its share.

    Args:
        x: uint8 [N, C, H, W], or points float32 [N, 2], on the CPU.
        network: of the features, on the device where to compute; on the CPU if it has no weights; None for points.

    Returns:
        float32 [N, F] on the CPU, whole in every process; of points float64.
    """
    if network is None:
        return x.double()
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    mine = x[distributed.share(len(x))]
    part = mapped(mine, lambda chunk: extract_features(unit_range(chunk.to(device)), network), CHUNK)
    return distributed.gather(part)
