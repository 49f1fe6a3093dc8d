"""Guidance by frozen classifiers while a trained model generates: bounded Newton steps on the score's log-odds.

The gradient of a classifier guides sampling as in classifier guidance (Dhariwal and Nichol, 2021, section 4), but
towards a requested score instead of a class, and by root finding instead of ascent: each step solves the linearised
equation "achieved log-odds = requested log-odds" along the gradient, and is shortened where it would be long.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import MARGIN, extended_logit
from uqgen.data.censored import within_range
from uqgen.scores import Score
from uqgen.settings import require_number


@dataclass(frozen=True)
class Guidance:
    """Guides what is generated towards the class and the score requested.

    Attributes:
        classifiers: whose gradients guide, on the model's device: the target, surrogates of it, or both.
        score: fitted to the target.
        ends: the lowest and the highest score of real training images.
        strength: 0 leaves what is generated as it is; 1 makes whole Newton steps.

    Raises:
        SettingError: the strength is negative.

    Examples:
        >>> from uqgen.classifiers.mlp import MLP
        >>> from uqgen.scores import get_score
        >>> guidance = Guidance((FrozenClassifier(MLP((2,), 2)),), get_score("msp"), (0.5, 1.0), strength=1.0)
        >>> condition = Condition(torch.tensor([0]), torch.tensor([0.9]))
        >>> guidance.residual(torch.zeros(1, 2), condition).item() < 0  # less certain than requested
        True
        >>> with model.guided_by(guidance):  # doctest: +SKIP
        ...     images = model(latent, condition)
    """

    classifiers: tuple[FrozenClassifier, ...]
    score: Score
    ends: tuple[float, float]
    strength: float = 1.0

    def __post_init__(self) -> None:
        require_number("strength", self.strength, 0)

    def of_strength(self, strength: float) -> "Guidance":
        """The same with another strength."""
        return replace(self, strength=strength)

    def residual(self, x: Tensor, condition: Condition) -> Tensor:
        """How far images are from what is requested, in log-odds; mean over the classifiers, float32 [N].

        Where the condition holds a softmax vector and a classifier finds another class most probable than the vector
        does, it is the log-odds of the vector's class that count, else those of the score. So the score is not followed
        at the cost of the class.

        Args:
            x: float32 [N, C, H, W] in [-1, 1], or points float32 [N, D].
            condition: N classes and scores.
        """
        return torch.stack([self._residual(classifier(x), condition) for classifier in self.classifiers]).mean(dim=0)

    def _residual(self, logits: Tensor, condition: Condition) -> Tensor:
        of_score = self._of_score(logits, condition)
        if condition.probabilities is None:
            return of_score
        logits, wanted = predictive_logits(logits), condition.probabilities.argmax(dim=1)
        of_class = class_log_odds(logits, wanted) - class_log_odds(
            condition.probabilities.clamp_min(MARGIN).log(), wanted
        )
        return torch.where(logits.argmax(dim=1) == wanted, of_score, of_class)

    def _of_score(self, logits: Tensor, condition: Condition) -> Tensor:
        achieved = self.score(logits, condition.label)
        residual = self._log_odds(achieved) - self._log_odds(condition.score.clamp(*self._reachable))
        # Beyond the margin all scores serve: a request for the very end would be pursued without limit.
        return residual.masked_fill(self._end_of(achieved) * self._end_of(condition.score) > 0, 0)

    def step(
        self,
        code: Tensor,
        decode: Callable[[Tensor], Tensor],
        condition: Condition,
        bound: float | Tensor,
    ) -> Tensor:
        """One bounded Newton step on what images are made of.

        Args:
            code: float32 [N, ...], what is moved: latent codes, or images themselves.
            decode: code to images float32 [N, C, H, W] in [-1, 1] but for overshoot, or to points.
            condition: N classes and scores.
            bound: the greatest Euclidean length of a step, a number or float32 [N].

        Returns:
            float32 [N, ...], what is to be added to the code.
        """
        with torch.enable_grad():
            code = code.detach().requires_grad_()
            return self.step_of_made(within_range(decode(code)), code, condition, bound)

    def step_of_made(self, images: Tensor, code: Tensor, condition: Condition, bound: float | Tensor) -> Tensor:
        """The same of images that are made already, where they are looked at, too.

        Args:
            images: float32 [N, C, H, W] in [-1, 1], or points, with the graph that leads to the code; it is freed.
            code, condition, bound: see `step`.
        """
        with torch.enable_grad():
            residual, slope = self._slopes(images.detach(), condition)
        (gradient,) = torch.autograd.grad(images, code, slope)
        return self.strength * bounded_newton_step(residual, gradient, bound)

    def _slopes(self, x: Tensor, condition: Condition) -> tuple[Tensor, Tensor]:
        """The residuals and their gradient by the images, of as many at once as memory bears.

        What all classifiers keep for them lies in it together.
        """
        residuals: list[Tensor] = []
        slopes: list[Tensor] = []
        at_once = max(1, min(each.at_once(x) for each in self.classifiers) // len(self.classifiers))
        for chunk in torch.arange(len(x), device=x.device).split(at_once):
            images = x[chunk].requires_grad_()
            residuals.append(self.residual(images, condition.select(chunk)))
            slopes += torch.autograd.grad(residuals[-1].sum(), images)
        return torch.cat(residuals).detach(), torch.cat(slopes)

    def _end_of(self, score: Tensor) -> Tensor:
        """1 where a score is within the margin of the upper end, or beyond, -1 at the lower end, 0 between."""
        low, high = self._reachable
        return (score >= high).int() - (score <= low).int()

    @property
    def _reachable(self) -> tuple[float, float]:
        low, high = self.ends
        return low + MARGIN * (high - low), high - MARGIN * (high - low)

    def _log_odds(self, score: Tensor) -> Tensor:
        low, high = self.ends
        return extended_logit((score - low) / max(high - low, 1e-6))


def class_log_odds(logits: Tensor, label: Tensor) -> Tensor:
    """Log-odds of a class against all others, float [N]; logits float [N, K], label int64 [N]."""
    mine = label[:, None]
    return logits.gather(1, mine).squeeze(1) - logits.scatter(1, mine, -torch.inf).logsumexp(dim=1)


def bounded_newton_step(residual: Tensor, gradient: Tensor, bound: float | Tensor) -> Tensor:
    """The shortest step that takes a linear function with this value and gradient to 0, or as far as the bound allows.

    Args:
        residual: float [N].
        gradient: float [N, ...], of each residual by its own code.
        bound: the greatest Euclidean length, a number or float [N].

    Returns:
        float [N, ...].
    """
    squared_length = gradient.flatten(1).square().sum(dim=1).clamp_min(1e-20)
    return shortened(_times(gradient, -residual / squared_length), bound)


def shortened(step: Tensor, bound: float | Tensor) -> Tensor:
    """Scales each of N steps, float [N, ...], to a Euclidean length of at most `bound`, a number or float [N]."""
    return _times(step, (bound / step.flatten(1).norm(dim=1).clamp_min(1e-12)).clamp_max(1))


def _times(x: Tensor, factor: Tensor) -> Tensor:
    """Scales each row of float [N, ...] by its own factor, float [N]."""
    return x * factor.view(-1, *[1] * (x.dim() - 1))
