"""Maximum softmax probability at a high temperature: Liang et al. (2018), equation 1, without the change of the input.

"Enhancing the reliability of out-of-distribution image detection in neural networks" (ODIN).
"""

from torch import Tensor

from uqgen.scores.score import score
from uqgen.settings import require_number


def _check(temperature: float) -> None:
    require_number("temperature", temperature, 1)


@score(
    range=lambda n_classes, temperature: (1 / n_classes, 1.0),
    high_means="confident",
    settings={"temperature": 1000.0},
    check=_check,
)
def odin_temperature(logits: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """The maximum softmax probability at temperature T: max_k softmax(logits / T)_k.

    Where T is far above all differences of logits, it is about (1 + (max_k logits_k - mean_k logits_k) / T) / K.
    """
    return (logits / temperature).softmax(dim=1).amax(dim=1)
