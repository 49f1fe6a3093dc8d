from itertools import pairwise

import pytest
import torch
from torch import nn

from uqgen import distributed, seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.evaluation.generated import generate_scored
from uqgen.sampling.best_of import best_of
from uqgen.scores import get_score
from uqgen.settings import SettingError

N = 200


def noisy(latent, condition):
    return condition.score + latent.z[:, 0] + latent.noise[0].mean(dim=(1, 2, 3))


@pytest.fixture
def requested() -> Condition:
    return Condition(torch.arange(N) % 2, torch.linspace(-40, 40, N))


@pytest.fixture
def draw(stand_in, target, own_logit, requested):
    """The best of k of a GAN, by default one whose images miss the score fed by their noise."""

    def call(k, seed=0, response=noisy, **options):
        return best_of(stand_in(response), requested, target, own_logit, k, seeding.generator(seed), **options)

    return call


def test_the_best_of_one_is_the_raw_image(stand_in, target, own_logit, requested, draw):
    raw = generate_scored(stand_in(noisy), requested, target, {}, own_logit, seed=3)
    drawn = draw(1, seed=3)
    assert drawn.x.equal(raw.x)
    assert drawn.score_out.equal(raw.score_out)
    assert drawn.cost == 1


def test_of_all_that_was_drawn_the_nearest_is_kept(stand_in, requested, draw):
    rng, gan = seeding.generator(0), stand_in(noisy)
    latents = [gan.draw(N, [], rng) for _ in range(5)]
    achieved = torch.stack([noisy(latent, requested) for latent in latents])
    best = (achieved - requested.score).abs().argmin(dim=0)
    drawn = draw(5)
    assert drawn.score_out.equal(achieved[best, torch.arange(N)])
    images = torch.stack([gan(latent, requested) for latent in latents])
    assert drawn.x.equal(images[best, torch.arange(N)])
    assert set(best.tolist()) == {0, 1, 2, 3, 4}
    assert drawn.cost == 5


def test_no_image_gets_worse_by_drawing_more(draw, requested):
    errors = [(draw(k).score_out - requested.score).abs() for k in (1, 2, 4, 8)]
    for fewer, more in pairwise(errors):
        assert (more <= fewer).all()
        assert more.mean() < 0.8 * fewer.mean()


def test_what_is_fed_may_differ_from_what_is_requested(draw, requested):
    fed = Condition(requested.label, requested.score - 1)
    drawn = draw(16, fed=fed)
    assert (drawn.score_out - requested.score).abs().mean() < 0.5 * (drawn.score_out - fed.score).abs().mean()


def test_images_are_rounded_before_they_are_scored(stand_in, requested):
    class Images(stand_in):
        def __call__(self, latent, condition):
            return self.response(latent, condition)[:, None, None, None].expand(-1, 1, 2, 2)

    class Pixel(nn.Module):
        """Two logits whose MSP is the sigmoid of a pixel."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(()))

        def forward(self, x):
            pixel = self.weight * x[:, 0, 0, 0]
            return torch.stack([pixel, torch.zeros_like(pixel)], dim=1)

    gan = Images(lambda latent, condition: latent.z[:, 0].sigmoid())
    drawn = best_of(gan, requested, FrozenClassifier(Pixel()), get_score("msp"), 3, seeding.generator(0))
    rng = seeding.generator(0)
    made = torch.stack([gan(gan.draw(N, [], rng), requested) for _ in range(3)])
    assert drawn.x.dtype == torch.uint8
    assert (drawn.x == to_uint8(made)).all(dim=(2, 3, 4)).any(dim=0).all()
    torch.testing.assert_close(drawn.score_out, unit_range(drawn.x)[:, 0, 0, 0].sigmoid())


def test_processes_together_keep_what_one_alone_keeps(monkeypatch, draw):
    alone = draw(3)
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    parts = []
    for rank in range(2):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        parts.append(draw(3))
    assert torch.cat([part.x for part in parts]).equal(alone.x)
    assert torch.cat([part.score_out for part in parts]).equal(alone.score_out)


@pytest.mark.parametrize("k", [0, 1.5])
def test_at_least_one_image_is_drawn(draw, k):
    with pytest.raises(SettingError, match=rf"^best_of={k}: allowed: an integer of at least 1$"):
        draw(k)
