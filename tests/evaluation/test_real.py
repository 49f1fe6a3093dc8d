"""What is said of real images is computed once."""

import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import LabelledData
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.real import RealImages
from uqgen.scores import get_score


class Counting(nn.Module):
    """Logits that are the first pixels, and how many images it was shown."""

    def __init__(self):
        super().__init__()
        self.weight, self.n = nn.Parameter(torch.ones(())), 0

    def forward(self, x):
        self.n += len(x)
        return self.weight * x.flatten(1)[:, :3]


def test_a_judge_predicts_once_whatever_is_asked_of_it():
    x, label = torch.randint(0, 256, (20, 1, 4, 4), dtype=torch.uint8), torch.arange(20) % 3
    data, network, score = LabelledData(x, label, 0 * label, 0 * label), Counting(), get_score("msp")
    judge = Judge(FrozenClassifier(network), score)
    real = RealImages(data, torch.zeros(20, 3), {"judge 1": judge}, score, None)
    expected = judge.classifier.predict(x)
    network.n = 0
    assert torch.equal(real.judge_logits["judge 1"], expected)
    assert torch.equal(real.judge_scores["judge 1"], score(expected, label))
    assert torch.equal(real.judge_logits["judge 1"], expected)
    assert network.n == 20
