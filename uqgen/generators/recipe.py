"""How a generative model comes to be, before its data and classifiers are known."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.enforcement.enforcement import Enforcement, EnforcementContext
from uqgen.generators.model import ConditionalModel
from uqgen.generators.training import Training
from uqgen.scores import Score


@dataclass(frozen=True)
class ModelContext:
    """What a model is built for.

    Attributes:
        shape: (C, H, W) of an image, or (D,) of a point.
        encoding: of the conditions.
        real: class and score of every training image, with its probabilities where the encoding uses them.
        enforcement: what there is to what makes a generator keep to the condition in its training.
        target: the classifier being explained.
        surrogates: classifiers like the target that may take part in the training.
        score: fitted to the target.
    """

    shape: tuple[int, ...]
    encoding: Encoding
    real: Condition
    enforcement: Callable[[EnforcementContext], Enforcement]
    target: FrozenClassifier
    surrogates: tuple[FrozenClassifier, ...]
    score: Score


class ModelRecipe(ABC):
    """Builds a model of one family.

    Attributes:
        training: the settings of its training.
        kinds: of images, which are conditions of its networks beside class and score: by what they are told apart,
            and how many there are; 0 for none. See `KindEncoding`.
    """

    training: Training
    kinds: Mapping[str, int]

    @abstractmethod
    def build(self, given: ModelContext) -> ConditionalModel:
        """A model before its training.

        Raises:
            SettingError: a setting does not go with the data or the other parts.
        """
