"""What a score is, and the registry that every score joins by being defined."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from uqgen.settings import require_choice

ScoreFunction = Callable[[Tensor, Tensor], Tensor]
Direction = Literal["confident", "uncertain"]


@dataclass(frozen=True)
class Score:
    """One number that an image gets from the classifier's logits.

    Attributes:
        name: how the score is called in settings and results.
        function: pure; logits float [N, K] and labels int64 [N] to scores float [N].
        range: from the number of classes K to the lowest and the highest value the score can take.
        high_means: whether a high score speaks of a confident or of an uncertain classifier.
    """

    name: str
    function: ScoreFunction
    range: Callable[[int], tuple[float, float]]
    high_means: Direction

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Scores images.

        Args:
            logits: float [N, K], the classifier's outputs before the softmax.
            labels: int64 [N], the class of each image (the asked class, for a generated one); most scores ignore it.

        Returns:
            float32 [N], within ``range(K)``.
        """
        return self.function(logits.float(), labels)


SCORES: dict[str, Score] = {}


def score(*, range: Callable[[int], tuple[float, float]], high_means: Direction) -> Callable[[ScoreFunction], Score]:
    """Decorator that turns a function of logits into a registered `Score` of the same name."""

    def register(function: ScoreFunction) -> Score:
        SCORES[function.__name__] = Score(function.__name__, function, range, high_means)
        return SCORES[function.__name__]

    return register


def get_score(name: str) -> Score:
    """The registered score of that name.

    Raises:
        SettingError: no score has that name.
    """
    require_choice("name", name, SCORES)
    return SCORES[name]
