"""A given image, more uncertain or surer, with the smallest change that reaches the score requested.

An image is edited in several ways. One changes the condition and keeps the latent, and where no condition reaches the
score, the target guides the image's code on. Each of the others keeps the condition and has the target guide one aspect
of the code alone: a digit then stays as sharp as it was and loses a stroke, where the condition blurs it.

Guidance goes on until the score holds while the image is moved by a pixel, too. A score that one pixel undoes is of a
pattern that other classifiers do not see.

A change is made to the image given, not to its reconstruction: what the inversion misses of an image is neither lost
nor counted as a change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from rich.progress import track
from torch import Tensor

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.data.labelled import to_uint8
from uqgen.explanation.edits import Edits, by_change, pixel_distance, scores_of, smallest
from uqgen.explanation.guided_search import GuidedSearch, OpenEdits, Projection, changed
from uqgen.explanation.shifted_views import shifted_views
from uqgen.generators.inversion import AT_ONCE, Inversion, Inverter
from uqgen.guidance.guidance import Guidance
from uqgen.scores import Score

CONDITION, GUIDED = "condition", "condition, then guidance"  # names of ways
N_FED = 17  # scores fed beside the own one, evenly over the range
BEYOND = 0.1  # how far the ends of guidance lie beyond the scores requested, as a share of their range


@dataclass(frozen=True)
class FedEdits:
    """Edits of N images to S scores, and the conditions under which the model makes them: where guidance begins.

    Attributes:
        edits: of the images.
        fed: float32 [N, S], the scores of their conditions, on the CPU.
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
        n_steps: steps of guidance, at most: until the score is reached, and until it holds.
    """

    inverter: Inverter
    target: FrozenClassifier
    score: Score
    ends: tuple[float, float]
    tolerance: float
    n_steps: int

    @cached_property
    def views(self) -> tuple[FrozenClassifier, ...]:
        """The target as it sees images moved by a pixel."""
        return shifted_views(self.target)

    @property
    def ways(self) -> list[str]:
        """In which images are edited as far as guidance leads."""
        return [GUIDED, *self.inverter.aspects]

    def by_all_ways(self, inversion: Inversion, requested: Tensor) -> dict[str, Edits]:
        """Edits by each way, and by the condition alone.

        Args:
            inversion, requested: see `by_condition`.
        """
        start, untouched = self.by_condition(inversion, requested), self._untouched(inversion, len(requested))
        starts = {GUIDED: start, **dict.fromkeys(self.inverter.aspects, untouched)}
        return {CONDITION: start.edits, **self.by_guidance(inversion, requested, starts)}

    def smallest(
        self, made: Mapping[str, Edits], given: Tensor, label: Tensor, requested: Tensor, n: int = 1
    ) -> tuple[Edits, Tensor]:
        """Of the edits by all `ways` those that come first; see `uqgen.explanation.edits.smallest`.

        Args:
            made: by `by_all_ways`.
            given: uint8 [N, C, H, W], the images.
            label: int64 [N], their classes.
            requested, n: see there.
        """
        ways = [made[name] for name in self.ways]
        held = [self.holds(each.x, label, requested) for each in ways]
        return smallest(ways, given, requested, self.tolerance, held, n)

    def holds(self, x: Tensor, label: Tensor, requested: Tensor) -> Tensor:
        """Whether the scores of edits are those requested while the images are moved by a pixel, bool [N, S].

        Args:
            x: uint8 [N, S, C, H, W].
            label: int64 [N], their classes.
            requested: float32 [S].
        """
        return (scores_of(x, label, self.views, self.score) - requested).abs() <= self.tolerance

    @torch.no_grad()
    def by_condition(self, inversion: Inversion, requested: Tensor) -> FedEdits:
        """Edits by the condition alone: scores from end to end are fed, latent and offset kept.

        Of all scores fed, the smallest change that reaches the score is taken, or else the edit nearest to it.

        Args:
            inversion: of N images.
            requested: float32 [S], on the CPU.
        """
        some = torch.arange(len(inversion), device=inversion.x.device).split(max(1, AT_ONCE // (1 + N_FED)))
        chunks = track(some, "edits by condition")
        found = [self._by_condition(inversion.select(chunk), requested) for chunk in chunks]
        return FedEdits(Edits.cat([each.edits for each in found]), torch.cat([each.fed for each in found]))

    def by_guidance(self, inversion: Inversion, requested: Tensor, starts: Mapping[str, FedEdits]) -> dict[str, Edits]:
        """Goes on with edits until they reach and hold their scores. Ways share batches: few images cost what one does.

        An image that has the score requested needs no edit.

        Args:
            inversion, requested: see `by_condition`.
            starts: where guidance begins in each of some `ways`.
        """
        projections = [self._projection(way) for way in starts]
        x = torch.stack([start.edits.x for start in starts.values()])
        fed = torch.stack([start.fed for start in starts.values()])
        guidance, device = self.guidance(requested), inversion.x.device
        search = GuidedSearch(self.inverter, self.target, self.views, self.score, self.tolerance, self.n_steps)
        is_other = (inversion.own.score.cpu()[:, None] - requested).abs() > self.tolerance
        left = is_other.expand(x.shape[:3]).nonzero()
        for chunk in track(left.split(AT_ONCE) if len(left) else [], "edits by guidance"):
            which, (way, image, level) = tuple(chunk.T), chunk.T.to(device)
            part, wanted = inversion.select(image), requested.to(device)[level]
            parts = self.inverter.encoding(rescored(self.inverter.encoding, part.own, fed[which].to(device)))
            begun = OpenEdits(part, parts, wanted, projections, way, torch.full_like(wanted, torch.inf))
            x[which] = search(guidance, begun, x[which].to(device)).cpu()
        return {name: self._scored(each, inversion) for name, each in zip(starts, x, strict=True)}

    def made_of(self, inversion: Inversion, z: Tensor) -> Tensor:
        """The images given, with what other latents change in what the model makes; float32, not clipped.

        Args:
            inversion: of N images.
            z: N latents, see `Latent`; images are differentiable by them.
        """
        parts, latent = self.inverter.encoding(inversion.own), replace(inversion.latent, z=z)
        return changed(self.inverter, inversion, parts, self.inverter.code(latent, parts) + inversion.offset)

    def guidance(self, requested: Tensor) -> Guidance:
        """By the target alone, whole Newton steps.

        Its ends are beyond all that is requested, as far as the score goes: at its ends guidance stops short of a
        score.

        Args:
            requested: float32 [S].
        """
        low, high = min(self.ends[0], float(requested.min())), max(self.ends[1], float(requested.max()))
        least, most = self.score.range(self.inverter.encoding.n_classes)
        beyond = BEYOND * (high - low)
        return Guidance((self.target,), self.score, (max(least, low - beyond), min(most, high + beyond)))

    def _by_condition(self, inversion: Inversion, requested: Tensor) -> FedEdits:
        """The same of few images: all their candidates are made and scored at once."""
        fed = self._fed(inversion.own.score)
        part = inversion.select(torch.arange(len(fed), device=fed.device).repeat_interleave(fed.shape[1]))
        parts = self.inverter.encoding(rescored(self.inverter.encoding, part.own, fed.flatten()))
        code = self.inverter.code(part.latent, parts) + part.offset
        made = to_uint8(changed(self.inverter, part, parts, code)).cpu().unflatten(0, fed.shape)
        candidates, change = self._scored(made, inversion), pixel_distance(made, to_uint8(inversion.x).cpu()[:, None])
        miss = (candidates.score_out[:, None] - requested[:, None]).abs()
        chosen = by_change(change[:, None].expand_as(miss), miss, self.tolerance)[..., 0]
        row = torch.arange(len(fed))[:, None]
        found = (each[row, chosen] for each in (candidates.x, candidates.score_out, candidates.predicted))
        return FedEdits(Edits(*found), fed.cpu()[row, chosen])

    def _projection(self, way: str) -> Projection:
        """The part of a change that is made; all of it by the condition's way."""
        return (lambda change: change) if way == GUIDED else self.inverter.aspects[way]

    def _untouched(self, inversion: Inversion, n_scores: int) -> FedEdits:
        """The images given, once for each score, under their own conditions."""
        x = to_uint8(inversion.x).cpu()[:, None].expand(-1, n_scores, -1, -1, -1)
        return FedEdits(self._scored(x, inversion), inversion.own.score.cpu()[:, None].expand(-1, n_scores))

    def _fed(self, own: Tensor) -> Tensor:
        """The own scores float32 [N], and scores from end to end: float32 [N, 1 + N_FED]."""
        every = torch.linspace(*self.ends, N_FED, device=own.device)
        return torch.cat([own[:, None], every.expand(len(own), -1)], dim=1)

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
