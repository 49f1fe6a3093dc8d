"""What a score is, and the registry that every score joins by being defined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor, nn

from uqgen.classifiers.ensemble import Ensemble, predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.settings import require, require_choice

ScoreFunction = Callable[..., Tensor]
Fit = Callable[..., dict[str, float]]
Range = Callable[..., tuple[float, float]]
HighMeans = Literal["confident", "uncertain"]


@dataclass(frozen=True)
class Score:
    """One number that an image gets from the classifier's logits.

    Attributes:
        name: how the score is called in settings and results.
        function: pure; logits float [N, K], labels int64 [N], settings and parameters by name to scores float [N].
        limits: from the number of classes K and the settings to the lowest and the highest value the score can take.
        high_means: whether a high score speaks of a confident or of an uncertain classifier.
        fit: logits and labels of a validation split, and the settings, to parameters; None for a score that has none.
        needs_members: whether the function takes logits float [N, M, K] of an ensemble; if not, it takes [N, K], which
            for an ensemble are its `predictive_logits`.
        settings: what is chosen.
        check: refuses settings that are out of range.
        parameters: what was fitted; without them the function takes its defaults.
        adapt: of a score that sees more of a classifier than probabilities: (network, shape of an image, training
            images or None, settings) to a network whose softmax is the same, and whose logits bear what the function
            reads in their log-sum-exp.
        second: another score to request beside this one, on its own; None where this one is all.

    Examples:
        >>> from uqgen.scores import get_score
        >>> msp = get_score("msp")
        >>> msp(torch.tensor([[0.0, 0.0]]), torch.tensor([0])), msp.range(2), msp.high_means
        (tensor([0.5000]), (0.5, 1.0), 'confident')
    """

    name: str
    function: ScoreFunction
    limits: Range
    high_means: HighMeans
    fit: Fit | None = None
    needs_members: bool = False
    settings: Mapping[str, float] = field(default_factory=dict)
    check: Callable[..., None] | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    adapt: type[nn.Module] | None = None
    second: "Score | None" = None

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Scores images.

        Args:
            logits: float [N, K], or [N, M, K] of an ensemble: the classifier's outputs before the softmax.
            labels: int64 [N], the class of each image (the requested class, for a generated one); most scores ignore
                it.

        Returns:
            float32 [N], within ``range(K)``.
        """
        return self.function(self._taken(logits), labels, **self.settings, **self.parameters)

    def range(self, n_classes: int) -> tuple[float, float]:
        """The lowest and the highest value it can take of so many classes."""
        return self.limits(n_classes, **self.settings)

    def certain_first(self, low: float, high: float) -> tuple[float, float]:
        """Two scores, the one that speaks of the more confident classifier first."""
        return (high, low) if self.high_means == "confident" else (low, high)

    def certainty(self, score: Tensor) -> Tensor:
        """Scores, or changes of them, turned so that high means confident."""
        return score if self.high_means == "confident" else -score

    def scores(self, logits: Tensor, labels: Tensor) -> Tensor:
        """This score and the second one, float32 [N, S] with S 1 or 2; see `__call__`."""
        first = self(logits, labels)
        return torch.stack([first] if self.second is None else [first, self.second(logits, labels)], dim=1)

    def with_settings(self, settings: Mapping[str, float]) -> "Score":
        """The score with other settings.

        Raises:
            SettingError: it has none of that name, or a value is out of range.
        """
        if not settings:
            return self
        for name, value in settings.items():
            require(
                name in self.settings, name, value, f"{', '.join(self.settings) or 'no settings'} of score={self.name}"
            )
        if self.check is not None:
            self.check(**{**self.settings, **settings})
        return replace(self, settings={**self.settings, **settings})

    @property
    def is_fitted(self) -> bool:
        """Whether it, or the second one, has parameters that are fitted to a classifier."""
        return self.fit is not None or (self.second is not None and self.second.is_fitted)

    def fitted(self, logits: Tensor, labels: Tensor) -> "Score":
        """The score as it is to be used of one classifier: with parameters of its own, or itself where it has none.

        Args:
            logits: float [N, K] or [N, M, K], the classifier's, of images it was not trained on.
            labels: int64 [N].
        """
        if not self.is_fitted:
            return self
        parameters = {} if self.fit is None else self.fit(self._taken(logits), labels, **self.settings)
        second = None if self.second is None else self.second.fitted(logits, labels)
        return replace(self, parameters=parameters, second=second)

    def check_members(self, kind: str, members: int | None, otherwise: str = "") -> None:
        """Refuses a classifier that this score can make nothing of.

        Args:
            kind: what chooses the classifier in the settings, such as "classifier".
            members: of the classifier; None for a single network.
            otherwise: what else to set.

        Raises:
            SettingError: the score needs members and there are none.
        """
        allowed = f"with an ensemble, {kind}=cnn_ensemble, mlp_ensemble or cnn_dropout{otherwise}"
        require(members is not None or not self.needs_members, "score", self.name, allowed)
        if self.second is not None:
            self.second.check_members(kind, members, otherwise)

    def adapted(
        self, classifier: FrozenClassifier, shape: tuple[int, ...], train: Tensor | None = None
    ) -> FrozenClassifier:
        """A classifier as this score needs it: itself, but for scores with `adapt`.

        Args:
            classifier: on the device where to compute.
            shape: of an image.
            train: its training images, as `LabelledData` has them; None only tries whether it can be adapted.

        Raises:
            SettingError: it cannot.
        """
        if self.adapt is None:
            return classifier
        adapted = [self.adapt(network, shape, train, **self.settings) for network in _networks(classifier)]
        is_ensemble = isinstance(classifier.network, Ensemble)
        return FrozenClassifier(Ensemble(adapted) if is_ensemble else adapted[0])

    def suits(self, classifier: FrozenClassifier) -> bool:
        """Whether a classifier was adapted, where this score needs it."""
        return self.adapt is None or all(isinstance(network, self.adapt) for network in _networks(classifier))

    def _taken(self, logits: Tensor) -> Tensor:
        return logits.float() if self.needs_members else predictive_logits(logits.float())


def _networks(classifier: FrozenClassifier) -> list[nn.Module]:
    return list(classifier.network.members) if isinstance(classifier.network, Ensemble) else [classifier.network]


SCORES: dict[str, Score] = {}


def score(
    *,
    range: Range,
    high_means: HighMeans,
    fit: Fit | None = None,
    needs_members: bool = False,
    settings: Mapping[str, float] | None = None,
    check: Callable[..., None] | None = None,
    adapt: type[nn.Module] | None = None,
) -> Callable[[ScoreFunction], Score]:
    """Decorator that turns a function of logits into a registered `Score` of the same name."""

    def register(function: ScoreFunction) -> Score:
        given = range, high_means, fit, needs_members, settings or {}, check
        SCORES[function.__name__] = Score(function.__name__, function, *given, adapt=adapt)
        return SCORES[function.__name__]

    return register


def get_score(name: str, second: str | None = None, **settings: float) -> Score:
    """The registered score of that name, alone or with a second one.

    Args:
        name: of the score.
        second: of the second one, which has its default settings.
        settings: of the score, by name, where they are to be others than its default ones.

    Raises:
        SettingError: no score has that name, or both are the same, or need other logits, or a setting is none of the
            score's.
    """
    require_choice("name", name, SCORES)
    found = SCORES[name].with_settings(settings)
    if second is None:
        return found
    require_choice("second", second, SCORES.keys() - {name})
    alone = found.adapt is not None or SCORES[second].adapt is not None
    require(not alone, "second", second, "null: a score of features, as knn, stands alone")
    return replace(found, second=SCORES[second])
