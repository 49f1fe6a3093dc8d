"""What the explorer answers: images on the way from one seed to another, and what the target says of any image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.data.images import fit_image
from uqgen.data.labelled import to_uint8
from uqgen.generators.latent import Latent
from uqgen.settings import require_integer, require_number

if TYPE_CHECKING:
    from uqgen.run import Run


@dataclass(frozen=True)
class Answer:
    """N images and what the target says of them, on the CPU.

    Attributes:
        x: uint8 [N, C, H, W].
        score: float32 [N], the scores achieved.
        probabilities: float32 [N, K], of each class.
    """

    x: Tensor
    score: Tensor
    probabilities: Tensor

    @property
    def predicted(self) -> Tensor:
        """The most probable class, int64 [N]."""
        return self.probabilities.argmax(dim=1)


def between_seeds(
    run: "Run", label: int, score: float, seeds: tuple[int, int], n: int, guidance: float | None = None
) -> Answer:
    """Makes images of a class and a score, on the way from the noise of one seed to that of another.

    Of another score they are the same images but for the score, see `Encoding.along_scores`.

    Args:
        run: a trained run of images.
        label: the class requested, 0 to K - 1.
        score: the score requested.
        seeds: draw the latents of the first and of the last image.
        n: number of images.
        guidance: its strength; None for the run's own, see `Run.guided`.

    Raises:
        SettingError: a score, a seed or the strength is out of range.
    """
    require_number("score", score, *run.classifiers.score.range(len(run.class_names)))
    for name, seed in zip(("seed", "second seed"), seeds, strict=True):
        require_integer(name, seed, 0)
    model = run.model
    every = [condition.to(model.device) for condition in run.conditions_across_scores(label, 1)]
    ends = Latent.cat([model.draw(1, every, seeding.generator(seed, device=model.device)) for seed in seeds])
    certain, uncertain = run.evaluator.ends
    scores = torch.tensor([certain, score, uncertain], device=model.device).expand(2, -1)
    swept = model.encoding.along_scores(torch.full((2,), label, device=model.device), scores, ends.chance)
    requested = swept.select(slice(1, None, 3))  # the middle one of the three scores of each seed
    way = torch.linspace(0, 1, n, device=model.device)
    with run.guided(guidance):
        x = model(ends.between(way), requested.between(way))
    return ask_target(run, to_uint8(x).cpu(), label)


def of_picture(run: "Run", picture: Image.Image) -> Answer:
    """What the target says of a picture from elsewhere, scaled to the size and channels of the data.

    A score that needs the picture's class gets the one predicted, as where it is edited.

    Args:
        run: a trained run of images.
        picture: of any size and mode.
    """
    channels, size, _ = run.experiment.data.shape
    return ask_target(run, fit_image(picture, size, channels)[None])


def edited(run: "Run", picture: Image.Image, score: float) -> Answer:
    """A picture from elsewhere made as uncertain as requested, see `uqgen.run.Run.edit`; one image.

    Args:
        run: a trained run of images.
        picture: of any size and mode.
        score: the score requested.

    Raises:
        SettingError: the score is out of range.
    """
    found = run.edit(picture, score)
    return ask_target(run, to_uint8(found.x), found.predicted)


def ask_target(run: "Run", x: Tensor, label: int | None = None) -> Answer:
    """What the target says of images uint8 [N, C, H, W]; `label` is their class, None for the one predicted of each."""
    logits = run.classifiers.target.to(run.model.device).predict(x)
    probabilities = predictive_logits(logits).softmax(dim=1)
    labels = probabilities.argmax(dim=1) if label is None else torch.full((len(x),), label)
    return Answer(x, run.classifiers.score(logits, labels), probabilities)
