"""A classifier that took no part in the training, and what it says of images."""

from dataclasses import dataclass

from torch import Tensor

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import predict
from uqgen.data.labelled import LabelledData
from uqgen.scores import Score


@dataclass(frozen=True)
class Judge:
    """A judge with a score of its own.

    A score that is fitted is fitted to each judge anew. Calibrated probabilities mean the same whichever classifier
    they are from; with the target's temperature, a judge that is more confident in general would seem to disagree.

    Attributes:
        classifier: on the device where to compute.
        score: fitted to this classifier.
    """

    classifier: FrozenClassifier
    score: Score

    @classmethod
    def fitted(cls, classifier: FrozenClassifier, score: Score, validation: LabelledData) -> "Judge":
        """The judge, its score fitted on the validation split where the score is one that is fitted."""
        if not score.is_fitted:  # and nothing need be predicted
            return cls(classifier, score)
        return cls(classifier, score.fitted(predict(classifier, validation.x), validation.label))

    def score_of(self, x: Tensor, label: Tensor) -> Tensor:
        """Scores float32 [N] of what `FrozenClassifier.predict` takes, with class int64 [N]."""
        return self.score(predict(self.classifier, x), label)
