"""The search for edits: the target guides codes until the score is reached and held.

First the target as it sees the image itself guides. Where a move by one pixel undoes the score that it reaches, the
target as it sees the image moved and as it sees the image itself guide in turn. Each step is the shortest to where one
of two conditions is met, so they lead to where both are (alternating projections: Kaczmarz, 1937).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.censored import within_range
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.explanation.edits import FAR, pixel_distance
from uqgen.generators.inversion import Inversion, Inverter
from uqgen.guidance.guidance import Guidance
from uqgen.scores import Score

BOUND = 0.1  # of a step, as a share of the code's length

Projection = Callable[[Tensor], Tensor]  # of changes of codes, see `Inverter.aspects`


class OpenEdits(NamedTuple):
    """Images on their way to other scores.

    Attributes:
        inversion: of M images.
        parts: the encoded conditions under which guidance begins.
        requested: float32 [M].
        projections: of each way, the part of a change that is made.
        way: int64 [M], which of them.
        furthest: float32 [M], how far each may be changed; see `change_to`.
    """

    inversion: Inversion
    parts: tuple[Tensor, ...]
    requested: Tensor
    projections: Sequence[Projection]
    way: Tensor
    furthest: Tensor

    def select(self, index: Tensor) -> "OpenEdits":
        """Those at the positions int64 [L]."""
        parts = tuple(part[index] for part in self.parts)
        return OpenEdits(
            self.inversion.select(index),
            parts,
            self.requested[index],
            self.projections,
            self.way[index],
            self.furthest[index],
        )

    def change_to(self, x: Tensor) -> Tensor:
        """How far images uint8 [M, C, H, W] are from those given, float32 [M]; see `pixel_distance`."""
        return pixel_distance(x, to_uint8(self.inversion.x))

    def within(self, change: Tensor) -> Tensor:
        """Of each change float32 [M, ...] the part that its own way makes."""
        made = torch.stack([projection(change) for projection in self.projections])
        return made[self.way, torch.arange(len(self.way), device=self.way.device)]


@dataclass(frozen=True)
class GuidedSearch:
    """Moves codes until each image has the score requested and holds it.

    Attributes:
        inverter: of the model.
        target, views: the classifier, and as it sees images moved by a pixel; on the model's device.
        score: fitted to the target.
        tolerance: by which a score may be missed.
        n_steps: at most, until the score is reached, and until it holds.
    """

    inverter: Inverter
    target: FrozenClassifier
    views: Sequence[FrozenClassifier]
    score: Score
    tolerance: float
    n_steps: int

    def __call__(self, guidance: Guidance, edits: OpenEdits, best: Tensor) -> Tensor:
        """Moves codes until each image reaches its score, then until it holds it.

        An image that never reaches its score is the nearest in score that the target led to; one that reaches it and
        never holds it, by a change of at most `FAR` times that with which it was reached, is the nearest to that.

        Args:
            guidance: by the target.
            edits: of M images.
            best: uint8 [M, C, H, W], the images so far.

        Returns:
            uint8 [M, C, H, W].
        """
        code = self.inverter.code(edits.inversion.latent, edits.parts) + edits.inversion.offset
        bound = BOUND * code.flatten(1).norm(dim=1)
        best = self._approach((guidance,), self._excess, edits, code, bound, best)
        furthest = FAR * edits.change_to(best)
        furthest[self._excess(best, edits) > 0] = torch.inf  # the score is still to be reached
        in_turn = (replace(guidance, classifiers=tuple(self.views)), guidance)
        return self._approach(in_turn, self._excess_moved, edits._replace(furthest=furthest), code, bound, best)

    def _approach(
        self,
        guides: Sequence[Guidance],
        excess: Callable[[Tensor, OpenEdits], Tensor],
        edits: OpenEdits,
        code: Tensor,
        bound: Tensor,
        best: Tensor,
    ) -> Tensor:
        """Moves codes, in place, until nothing is beyond what is allowed; of each image the nearest to that there was.

        Args:
            guides: what moves them, one after the other in turn.
            excess: of images uint8 [M, C, H, W], how far each is beyond what is allowed, float32 [M].
            edits: of M images.
            code: float32 [M, ...].
            bound: float32 [M], the greatest length of a step.
            best: uint8 [M, C, H, W], the images so far.
        """
        best, least = best.clone(), excess(best, edits)
        left = (least > 0).nonzero().squeeze(1)
        if len(left) == 0:
            return best
        for number in range(self.n_steps + 1):
            part, change = edits.select(left), torch.zeros_like(code[left]).requires_grad_()
            made = self._made(part, code[left] + part.within(change))
            x = to_uint8(made.detach())
            away = excess(x, part)
            is_nearer = away < least[left]
            best[left[is_nearer]] = x[is_nearer]
            least[left] = least[left].minimum(away)
            is_open = least[left] > 0
            if number == self.n_steps or not is_open.any():
                break
            step = self._step(guides[number % len(guides)], part, made, change, bound[left])
            left = left[is_open]
            code[left] += part.within(step)[is_open]
        return best

    @torch.no_grad()
    def _excess(self, x: Tensor, edits: OpenEdits) -> Tensor:
        """By how much images uint8 [M, C, H, W] miss their scores beyond the tolerance, float32 [M]; 0 within it."""
        achieved = self.score(self.target(unit_range(x)), edits.inversion.own.label)
        return ((achieved - edits.requested).abs() - self.tolerance).clamp_min(0)

    @torch.no_grad()
    def _excess_moved(self, x: Tensor, edits: OpenEdits) -> Tensor:
        """The same of their mean scores while they are moved by a pixel.

        Infinite where the score is not reached, and where an image has changed more than it may.
        """
        excess = torch.full_like(edits.requested, torch.inf)
        near = ((self._excess(x, edits) == 0) & (edits.change_to(x) <= edits.furthest)).nonzero().squeeze(1)
        if len(near) > 0:
            label, images = edits.inversion.own.label[near], unit_range(x[near])
            achieved = torch.stack([self.score(view(images), label) for view in self.views]).mean(dim=0)
            excess[near] = ((achieved - edits.requested[near]).abs() - self.tolerance).clamp_min(0)
        return excess

    @torch.enable_grad()
    def _made(self, edits: OpenEdits, code: Tensor) -> Tensor:
        """The images that codes make, float32 [M, C, H, W] in [-1, 1], with the graph of the next step."""
        return within_range(changed(self.inverter, edits.inversion, edits.parts, code))

    def _step(self, guidance: Guidance, edits: OpenEdits, made: Tensor, change: Tensor, bound: Tensor) -> Tensor:
        """Of the codes, by which the images made are."""
        condition = edits.inversion.own._replace(score=edits.requested, probabilities=None)
        return guidance.step_of_made(made, change, condition, bound)


def changed(inverter: Inverter, inversion: Inversion, parts: Sequence[Tensor], code: Tensor) -> Tensor:
    """The images given, with what another code and condition change in what the model makes; float32, not clipped.

    Args:
        inverter: of the model.
        inversion: of N images.
        parts: the encoded conditions.
        code: float32 [N, ...].
    """
    made = inverter.decode(code, inversion.latent, parts)
    return inversion.x + made.clamp(-1, 1) - inversion.reconstruction.clamp(-1, 1)
