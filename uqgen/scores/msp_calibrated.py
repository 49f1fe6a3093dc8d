"""Maximum softmax probability after temperature scaling: Guo et al. (2017), section 4.2."""

from torch import Tensor

from uqgen.classifiers.calibration import fit_temperature
from uqgen.scores.score import score


def _fit(logits: Tensor, labels: Tensor) -> dict[str, float]:
    return {"temperature": fit_temperature(logits, labels)}


@score(range=lambda n_classes: (1 / n_classes, 1.0), high_means="confident", fit=_fit)
def msp_calibrated(logits: Tensor, labels: Tensor, temperature: float = 1.0) -> Tensor:
    """The maximum softmax probability at temperature T: max_k softmax(logits / T)_k; until it is fitted T is 1."""
    return (logits / temperature).softmax(dim=1).amax(dim=1)
