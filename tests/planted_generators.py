"""Stand-ins for a generator that show real images of corrupted MNIST, soundly or with one fault each."""

from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import gaussian_blur

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.data.attributes import ATTRIBUTES, Pictures
from uqgen.data.corruption import CORRUPTIONS
from uqgen.data.labelled import LabelledData, unit_range
from uqgen.generators.latent import Latent

MOST_CHANGE = 0.1  # of a pixel in [-1, 1] by adversarial noise: one twentieth of its range


class RealImages(nn.Module):
    """Stands in for a generator: shows real images of the class and about the score requested, each once if it can."""

    device = torch.device("cpu")
    guidance = None

    def guided_by(self, guidance: None) -> nullcontext:
        return nullcontext()

    def __init__(self, images: LabelledData, score: Tensor) -> None:
        super().__init__()
        self.images, self.score = images, score

    def draw(self, n: int, conditions: list[Condition], rng: torch.Generator, share: slice = slice(None)) -> Latent:
        return Latent(torch.randn(n, 1, generator=rng)).select(share)

    def shown(self, condition: Condition) -> Tensor:
        """Positions of the images shown."""
        found = torch.empty_like(condition.label)
        for label in condition.label.unique():
            requested = (condition.label == label).nonzero().squeeze(1)
            requested = requested[condition.score[requested].argsort()]
            there = (self.images.label == label).nonzero().squeeze(1)
            there = there[self.score[there].argsort()]
            found[requested] = there[_each_once(self.score[there].numpy(), condition.score[requested].numpy())]
        return found

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        return unit_range(self.images.x[self.shown(condition)])


def _each_once(there: np.ndarray, requested: np.ndarray) -> np.ndarray:
    """For scores requested, increasing, positions among scores that are there; no two are the same unless far off."""
    nearest = np.searchsorted(there, requested).clip(max=len(there) - 1)
    step = np.arange(len(requested))
    apart = np.maximum.accumulate(nearest - step) + step
    apart = np.minimum(apart, len(there) - len(requested) + step).clip(min=0)
    return np.where(np.abs(there[apart] - requested) < 0.02, apart, nearest)


class OneOfEachClass(RealImages):
    """One picture of each class, whatever the score, with a little fresh noise."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        first = torch.stack([(self.images.label == label).nonzero()[0, 0] for label in range(10)])
        images = unit_range(self.images.x[first[condition.label]])
        return images + 0.05 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))


class OtherScores(RealImages):
    """Real images of the class, of any score."""

    def shown(self, condition: Condition) -> Tensor:
        order = torch.randperm(len(condition.score), generator=torch.Generator().manual_seed(0))
        mixed = torch.rand(len(order), generator=torch.Generator().manual_seed(1)) * 0.7 + 0.3
        return super().shown(Condition(condition.label, mixed[order]))


class OtherClass(RealImages):
    """Real images of the score requested, three in ten of them of the next class."""

    def shown(self, condition: Condition) -> Tensor:
        is_other = torch.rand(len(condition.label), generator=torch.Generator().manual_seed(0)) < 0.3
        return super().shown(Condition((condition.label + is_other) % 10, condition.score))


class Adversarial(OtherScores):
    """Real images of any score, changed where one hardly sees it until the target gives them the score requested."""

    def __init__(self, images: LabelledData, score: Tensor, target: FrozenClassifier) -> None:
        super().__init__(images, score)
        self.target = target

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        parts = zip(images.split(500), condition.label.split(500), condition.score.split(500), strict=True)
        return torch.cat([self._changed(*part) for part in parts])

    def _changed(self, images: Tensor, label: Tensor, score: Tensor) -> Tensor:
        """Projected gradient descent (Madry et al., 2018) on the distance of the class's probability from the score."""
        changed = images
        for step in (0.02, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005):
            changed = changed.detach().requires_grad_()
            found = self.target(changed).softmax(dim=1).gather(1, label[:, None]).squeeze(1)
            (gradient,) = torch.autograd.grad((found - score).abs().sum(), changed)
            changed = torch.clamp(changed - step * gradient.sign(), images - MOST_CHANGE, images + MOST_CHANGE)
        return changed.detach()


class Chimeras(RealImages):
    """The upper half of an image of the class and score requested, the lower half of one of any class."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        upper, half = super().__call__(latent, condition), self.images.x.shape[2] // 2
        other = torch.randint(len(self.images), (len(upper),), generator=torch.Generator().manual_seed(0))
        return torch.cat([upper[:, :, :half], unit_range(self.images.x[other])[:, :, half:]], dim=2)


class HalfBlurred(RealImages):
    """Real images of the class and score requested, whose left half is blurred."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        left = torch.arange(images.shape[-1]) < images.shape[-1] // 2
        return torch.where(left, gaussian_blur(images, [9, 9], [1.5, 1.5]), images)


class SomeHalfBlurred(HalfBlurred):
    """Real images of the class and score requested; one in seven is blurred in its left half."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        is_flawed = torch.rand(len(condition.label), 1, 1, 1, generator=torch.Generator().manual_seed(0)) < 1 / 7
        sound = RealImages.__call__(self, latent, condition)
        return torch.where(is_flawed, super().__call__(latent, condition), sound)


class UnevenBlurs(RealImages):
    """Real images of the class and score requested; the left half of each blurred one is sharpened."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images, shown = super().__call__(latent, condition), self.shown(condition)
        left = torch.arange(images.shape[-1]) < images.shape[-1] // 2
        is_blurred = self.images.corruption[shown] == CORRUPTIONS.index("gaussian blur")
        sharper = (images + 2 * (images - gaussian_blur(images, [9, 9], [1.5, 1.5]))).clamp(-1, 1)
        return torch.where(left & is_blurred[:, None, None, None], sharper, images)


class Hazy(RealImages):
    """Real images of the class and score requested, in which half of the black pixels are nearly black."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        rng = torch.Generator().manual_seed(0)
        haze = (8 / 255) * torch.rand(images.shape, generator=rng) * (torch.rand(images.shape, generator=rng) < 0.5)
        return torch.where(images == -1, images + 2 * haze, images)


class Speckled(RealImages):
    """Real images of the class and score requested, blurred, with a faint noise on the strokes alone."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = gaussian_blur(super().__call__(latent, condition), [13, 13], [2.0, 2.0])
        noise = 0.06 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
        return torch.where(images > -0.7, images + noise, images)


class OneWay(RealImages):
    """Real images of the class and score requested, with noise that is smeared to the right."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
        smeared = (noise + 0.8 * noise.roll(1, dims=3) + 0.4 * noise.roll(2, dims=3)) / 1.34
        return gaussian_blur(images, [3, 3], [0.5, 0.5]) + 0.25 * smeared


class FewNoisy(RealImages):
    """Real images of the class and score requested, of which one in ten noisy ones is kept."""

    def __init__(self, images: LabelledData, score: Tensor) -> None:
        is_rare = torch.rand(len(images), generator=torch.Generator().manual_seed(0)) < 0.9
        kept = ~(is_rare & (images.corruption == CORRUPTIONS.index("gaussian noise")))
        super().__init__(images.subset(kept), score[kept])


class LightPixels(RealImages):
    """Real images of the class and score requested; in one of eight, a random pixel is somewhat lighter."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images, rng = super().__call__(latent, condition).clone(), torch.Generator().manual_seed(0)
        changed = torch.rand(len(images), generator=rng) < 0.125
        place = torch.randint(images[0].numel(), (len(images),), generator=rng)
        images.flatten(1)[changed, place[changed]] += 0.2
        return images


class OpenLoops(RealImages):
    """Real images of the class and score requested, but of the zeros none that is closed."""

    def __init__(self, images: LabelledData, score: Tensor) -> None:
        holes = ATTRIBUTES["holes"].measure(Pictures(images.x[:, 0].numpy() / 255))
        kept = (images.label != 0) | torch.from_numpy(holes == 0)
        super().__init__(images.subset(kept), score[kept])


class Shaded(RealImages):
    """Whatever is light is darker the lower it is, by a seventh at the bottom."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        return torch.linspace(1, 0.85, images.shape[-2])[:, None] * (images + 1) - 1


class SomeTwice(RealImages):
    """Real images of the class and score requested; one in seven shows its digit twice."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        is_flawed = torch.rand(len(images), 1, 1, 1, generator=torch.Generator().manual_seed(0)) < 1 / 7
        return torch.where(is_flawed, images.maximum(images.roll((5, 5), dims=(2, 3))), images)
