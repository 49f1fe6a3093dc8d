"""A given image, more uncertain or surer, with the smallest change that reaches the score requested.

An image's change is what the model changes when the condition does, its latent kept, and it is made to the image given,
not to its reconstruction: what the inversion misses of an image is neither lost nor counted as a change. Where no
condition reaches the score, the target guides the image's code on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from rich.progress import track
from torch import Tensor

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.explanation.edits import Edits, distance, smallest_change
from uqgen.generators.inversion import Inversion, Inverter
from uqgen.guidance.guidance import Guidance
from uqgen.scores import Score

N_FED = 16  # scores fed on either side of the own one
BOUND = 0.1  # of a step of guidance, as a share of the code's length
BEYOND = 0.1  # how far the ends of guidance lie beyond the scores requested, as a share of their range
CHUNK = 100  # images made at once


@dataclass(frozen=True)
class ConditionEdits:
    """Edits of N images to S scores by the condition alone.

    Attributes:
        edits: of all scores fed, those with the smallest change that reach the score, or else those nearest to it.
        fed: float32 [N, S], the scores fed for them, on the CPU.
    """

    edits: Edits
    fed: Tensor


@dataclass(frozen=True)
class Editor:
    """Edits images that were found in a trained model.

    Attributes:
        inverter: of the model.
        target: on the model's device.
        score: fitted to the target.
        ends: the lowest and the highest score fed.
        tolerance: by which a score may be missed.
        n_steps: steps of guidance, at most.
    """

    inverter: Inverter
    target: FrozenClassifier
    score: Score
    ends: tuple[float, float]
    tolerance: float
    n_steps: int

    @torch.no_grad()
    def by_condition(self, inversion: Inversion, requested: Tensor) -> ConditionEdits:
        """Edits by the condition alone: scores from the own one to either end are fed, latent and offset kept.

        Args:
            inversion: of N images.
            requested: float32 [S], on the CPU.
        """
        fed = self._fed(inversion.own.score)
        made = []
        for chunk in track(torch.arange(fed.numel(), device=fed.device).split(CHUNK), "edits by condition"):
            part = inversion.select(chunk // fed.shape[1])
            parts = self.inverter.encoding(rescored(self.inverter.encoding, part.own, fed.flatten()[chunk]))
            code = self.inverter.code(part.latent, parts) + part.offset
            made.append(to_uint8(self._changed(part, parts, code)).cpu())
        candidates = self._scored(torch.cat(made).unflatten(0, fed.shape), inversion)
        change = distance(candidates.x, to_uint8(inversion.x).cpu()[:, None])
        miss = (candidates.score_out[:, None] - requested[:, None]).abs()
        chosen = smallest_change(change[:, None].expand_as(miss), miss, self.tolerance)
        row = torch.arange(len(inversion))[:, None]
        found = (part[row, chosen] for part in (candidates.x, candidates.score_out, candidates.predicted))
        return ConditionEdits(Edits(*found), fed.cpu()[row, chosen])

    def by_guidance(self, inversion: Inversion, requested: Tensor, start: ConditionEdits) -> Edits:
        """Goes on with those edits by the condition that have not reached their score.

        Args:
            inversion, requested: see `by_condition`.
            start: what that returned.
        """
        edits, device = start.edits, inversion.x.device
        image, level = ((edits.score_out - requested).abs() > self.tolerance).nonzero(as_tuple=True)
        if len(image) == 0:
            return edits
        guidance, x = self._guidance(requested), edits.x.clone()
        for chunk in track(torch.arange(len(image)).split(CHUNK), "edits by guidance"):
            row, column = image[chunk], level[chunk]
            part, wanted = inversion.select(row.to(device)), requested[column].to(device)
            fed = rescored(self.inverter.encoding, part.own, start.fed[row, column].to(device))
            begun = x[row, column].to(device), (edits.score_out[row, column] - requested[column]).abs().to(device)
            x[row, column] = self._guided(guidance, part, self.inverter.encoding(fed), wanted, begun).cpu()
        return self._scored(x, inversion)

    def _fed(self, own: Tensor) -> Tensor:
        """The own scores float32 [N], and scores on the way from each to either end: float32 [N, 1 + 2 N_FED]."""
        way = torch.linspace(0, 1, N_FED + 1, device=own.device)[1:]
        return torch.cat([own[:, None], *(own[:, None] + (end - own[:, None]) * way for end in self.ends)], dim=1)

    def _guidance(self, requested: Tensor) -> Guidance:
        """By the target alone, whole Newton steps.

        Its ends are beyond all that is requested, as far as the score goes: at its ends guidance stops short of a
        score.
        """
        low, high = min(self.ends[0], float(requested.min())), max(self.ends[1], float(requested.max()))
        least, most = self.score.range(self.inverter.encoding.n_classes)
        beyond = BEYOND * (high - low)
        return Guidance((self.target,), self.score, (max(least, low - beyond), min(most, high + beyond)))

    def _guided(
        self,
        guidance: Guidance,
        inversion: Inversion,
        parts: tuple[Tensor, ...],
        requested: Tensor,
        begun: tuple[Tensor, Tensor],
    ) -> Tensor:
        """Moves codes until each image reaches its score; one that never does is the nearest in score there was.

        Args:
            guidance: what moves them.
            inversion: of M images.
            parts: the encoded condition from which each starts.
            requested: float32 [M].
            begun: images so far, uint8 [M, C, H, W], and how far they are from the score requested, float32 [M].

        Returns:
            uint8 [M, C, H, W].
        """
        code = self.inverter.code(inversion.latent, parts) + inversion.offset
        bound = BOUND * code.flatten(1).norm(dim=1)
        nearest, least = begun
        for _ in range(self.n_steps):
            left = (least > self.tolerance).nonzero().squeeze(1)
            if len(left) == 0:
                break
            part, wanted = inversion.select(left), requested[left]
            decode = partial(self._changed, part, tuple(each[left] for each in parts))
            code[left] += guidance.step(
                code[left], decode, part.own._replace(score=wanted, probabilities=None), bound[left]
            )
            with torch.no_grad():
                x = to_uint8(decode(code[left]))
                miss = (self.score(self.target(unit_range(x)), part.own.label) - wanted).abs()
            is_nearer = miss < least[left]
            nearest[left[is_nearer]] = x[is_nearer]
            least[left] = least[left].minimum(miss)
        return nearest

    def _changed(self, inversion: Inversion, parts: Sequence[Tensor], code: Tensor) -> Tensor:
        """The images given, with what another code and condition change in what the model makes."""
        return inversion.x + self.inverter.decode(code, inversion.latent, parts) - inversion.reconstruction

    def _scored(self, x: Tensor, inversion: Inversion) -> Edits:
        return Edits.scored(x, inversion.own.label, self.target, self.score)


def rescored(encoding: Encoding, own: Condition, score: Tensor) -> Condition:
    """The condition of images with another score and all else as it was.

    Where the networks are given the softmax vector and the score is its maximum, the own vector is flattened or
    sharpened; where it is another function of the vector, one of a real image of that class and score is taken.

    Args:
        encoding: says what the networks are given.
        own: N classes and own scores.
        score: float32 [N], requested.
    """
    requested = encoding.complete(encoding.rescored(own, score), torch.full_like(score, 0.5))
    if own.probabilities is None or requested.probabilities is None:
        return requested
    is_own = (score == own.score)[:, None]
    return requested._replace(probabilities=torch.where(is_own, own.probabilities, requested.probabilities))
