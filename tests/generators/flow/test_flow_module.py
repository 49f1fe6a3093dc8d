"""What a flow regresses and how it is integrated, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.scored import ScoredBatch
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.velocity import Velocity
from uqgen.guidance.guidance import Guidance
from uqgen.scores import get_score


class Known(Velocity):
    """Carries all to one image, or where the condition is withheld, to its negative; keeps what it was given."""

    def __init__(self, goal: float) -> None:
        super().__init__()
        self.goal = goal
        self.given = []

    def forward(self, x, time, parts, keep=None):
        self.given.append((x, time, parts, keep))
        goal = torch.full_like(x, self.goal)
        if keep is not None:
            goal = torch.where(keep.view(-1, 1, 1, 1), goal, -goal)
        return (goal - x) / (1 - time).view(-1, 1, 1, 1)


class Brightness(nn.Module):
    """Two classes whose log-odds are ten times the mean of the pixels."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, x):
        odds = self.scale * x.mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(odds), odds], dim=1)


def latent_and_condition(flow, n=6, score=0.5):
    latent = flow.draw_latent(n, torch.Generator().manual_seed(3))
    return latent, Condition(torch.arange(n) % 3, torch.full((n,), score))


@pytest.fixture
def known(make_flow):
    def make(goal=0.25, **settings):
        flow = make_flow()
        flow.ema.module = Known(goal)
        flow.sampling = FlowSampling(**{"steps": 8, "condition_strength": 1.0, **settings})
        return flow

    return make


def test_a_known_velocity_is_integrated_to_its_goal(known):
    flow = known()
    images = flow(*latent_and_condition(flow))
    torch.testing.assert_close(images, torch.full_like(images, 0.25), atol=0.02, rtol=0)


def test_classifier_free_guidance_is_linear_in_its_strength(known):
    flow = known(condition_strength=1.5)
    x, parts = torch.randn(3, 1, 8, 8), flow.encoding(Condition(torch.arange(3), torch.rand(3)))
    found = flow._velocity(x, 0.5, parts)
    conditional, free = (0.25 - x) / 0.5, (-0.25 - x) / 0.5
    torch.testing.assert_close(found, free + 1.5 * (conditional - free), atol=1e-5, rtol=1e-5)


def test_the_loss_is_the_error_of_the_velocity(make_flow):
    flow = make_flow(batch_size=440, drop=0.2)
    flow.velocity = Known(0.3)
    x = torch.rand(440, 1, 8, 8)
    own = Condition(torch.arange(440) % 3, torch.rand(440))
    loss = flow._loss(ScoredBatch(x, own, own))
    ((mixed, time, parts, keep),) = flow.velocity.given
    wide = time.view(-1, 1, 1, 1)
    noise = (mixed - wide * x) / (1 - wide)
    assert noise.std() == pytest.approx(1, abs=0.1)
    said = (torch.where(keep.view(-1, 1, 1, 1), 0.3, -0.3) - mixed) / (1 - wide)
    torch.testing.assert_close(loss, (said - (x - noise)).square().mean(), rtol=1e-3, atol=1e-3)
    assert keep.float().mean() == pytest.approx(0.8, abs=0.06)
    torch.testing.assert_close(parts[0], flow.encoding(own)[0])


def test_times_are_logistic_normal(make_flow):
    flow = make_flow(batch_size=4_400, time_mean=0.5, time_deviation=2.0)
    flow.velocity = Known(0.0)
    n = 4_400
    own = Condition(torch.zeros(n, dtype=torch.int64), torch.rand(n))
    flow._loss(ScoredBatch(torch.zeros(n, 1, 8, 8), own, own))
    logit = torch.logit(flow.velocity.given[0][1].double())
    assert logit.mean() == pytest.approx(0.5, abs=0.15)
    assert logit.std() == pytest.approx(2.0, rel=0.05)


def test_what_is_random_in_a_step_follows_from_seed_and_images(make_flow):
    own = Condition(torch.arange(8) % 3, torch.rand(8))
    batch = ScoredBatch(torch.rand(8, 1, 8, 8), own, own)
    one, again, later, other = (make_flow(), make_flow(), make_flow(), make_flow(seed=1))
    later.n_images = 8
    losses = [flow._loss(batch).item() for flow in (one, again, later, other)]
    assert losses[0] == losses[1]
    assert len(set(losses)) == 3


@pytest.mark.parametrize("blur", [0.0, 1.5])
@pytest.mark.parametrize("score", [0.6, 0.75, 0.9])
def test_guidance_leads_to_the_score_requested_and_its_window_bounds_it(known, score, blur):
    target = FrozenClassifier(Brightness())
    flow = known(first=0.0, last=1.0, steps=40, bound=10.0, blur=blur)
    latent, condition = latent_and_condition(flow, score=score)
    flow.guidance = Guidance((target,), get_score("msp"), (0.5, 1.0))
    achieved = get_score("msp")(target(flow(latent, condition)), condition.label)
    with flow.guided_by(None):
        alone = get_score("msp")(target(flow(latent, condition)), condition.label)
    assert ((achieved - score).abs() < 0.3 * (alone - score).abs()).all()
    flow.sampling = replace(flow.sampling, first=1.0)
    torch.testing.assert_close(get_score("msp")(target(flow(latent, condition)), condition.label), alone)


def test_with_a_blur_guidance_spreads_what_one_pixel_would_do(known):
    class OnePixel(Brightness):
        def forward(self, x):
            return super().forward(x[..., 4:5, 4:5])

    flow = known(first=0.0, last=1.0, bound=0.1, blur=1.0)
    flow.guidance = Guidance((FrozenClassifier(OnePixel()),), get_score("msp"), (0.5, 1.0))
    x, velocity = torch.zeros(1, 1, 8, 8), torch.full((1, 1, 8, 8), 0.5)
    requested = Condition(torch.tensor([1]), torch.tensor([0.999]))
    change = (flow._guided(x, velocity, 0.5, requested) - velocity)[0, 0].double().numpy() / 2
    point = np.zeros((8, 8))
    point[4, 4] = 1.0
    once = gaussian_filter(point, 1.0, mode="mirror", truncate=4)
    twice = gaussian_filter(once, 1.0, mode="mirror", truncate=4)
    np.testing.assert_allclose(change, 0.1 * twice / np.linalg.norm(once), atol=1e-3)


def test_images_do_not_depend_on_their_neighbours(make_flow):
    flow = make_flow()
    torch.nn.init.normal_(flow.ema.module.out.weight, std=0.2)
    latent, condition = latent_and_condition(flow, n=230)
    images = flow(latent, condition)
    few = torch.tensor([0, 99, 100, 229])
    torch.testing.assert_close(images[few], flow(latent.select(few), condition.select(few)), atol=0.02, rtol=0)
    assert images.abs().max() <= 1


def test_a_latent_is_noise_of_the_shape_of_an_image(make_flow):
    latent = make_flow().draw_latent(500, seeding.generator(0))
    assert latent.z.shape == (500, 1, 8, 8)
    assert latent.z.std() == pytest.approx(1, abs=0.02)
    assert latent.chance.shape == (500,)
    assert 0.4 < latent.chance.mean() < 0.6
