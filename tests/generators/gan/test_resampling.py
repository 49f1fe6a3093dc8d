"""Latents drawn in proportion to what the discriminator says."""

import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.generators.gan.resampling import Resampling
from uqgen.generators.latent import Latent
from uqgen.settings import SettingError


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(n, generator):
    return lambda: Latent(torch.randn(n, 2, generator=generator), (torch.randn(n, 1, 2, 2, generator=generator),))


def second(latent):
    return latent.z[:, 1]


def test_latents_of_one_density_become_those_of_another():
    """Of normal numbers with a mean of 1 the density is exp(z - 1/2) times that of standard ones."""
    drawn = rng()
    kept = Resampling(candidates=64, logit_scale=2).draw(normal(4000, drawn), lambda x: second(x) / 2, drawn)
    assert second(kept).mean().item() == pytest.approx(1, abs=0.06)
    assert second(kept).std().item() == pytest.approx(1, abs=0.05)


def test_of_two_candidates_the_one_of_twice_the_density_is_kept_twice_as_often():
    n, rounds = 6000, iter([0.0, 1.0])

    def draw():
        return Latent(torch.full((n, 2), next(rounds)))

    kept = Resampling(candidates=2).draw(draw, lambda x: second(x) * torch.tensor(2.0).log(), rng())
    assert second(kept).mean().item() == pytest.approx(2 / 3, abs=0.02)


def test_one_candidate_is_kept_as_it_is_drawn_and_nothing_else_is_drawn():
    one, other = rng(), rng()
    kept = Resampling().draw(normal(5, one), second, one)
    assert kept.z.equal(normal(5, other)().z)
    assert one.get_state().equal(other.get_state())


def test_noise_belongs_to_its_z_and_the_chance_is_that_of_the_first():
    drawn, again = rng(), rng()
    first = normal(50, again)()
    every = [first]
    kept = Resampling(candidates=3, logit_scale=5).draw(
        lambda: every.append(normal(50, drawn)()) or every[-1], second, drawn
    )
    assert kept.chance.equal(first.chance)
    for i in range(50):
        (origin,) = (latent for latent in every[1:] if latent.z[i, 1] == kept.z[i, 1])
        assert kept.noise[0][i].equal(origin.noise[0][i])


def test_candidates_are_as_near_the_first_as_the_correlation_says():
    drawn, every = rng(), []

    def logits(latent):
        every.append(latent.z[:, 1])
        return torch.full((20_000,), float(len(every)))

    kept = Resampling(candidates=2, logit_scale=1000, correlation=0.9).draw(normal(20_000, drawn), logits, drawn)
    assert second(kept).equal(every[1])
    correlation = torch.corrcoef(torch.stack(every))[0, 1].item()
    assert (correlation, second(kept).std().item()) == pytest.approx((0.9, 1), abs=0.02)


def test_processes_keep_together_what_one_keeps_alone():
    def kept(share):
        drawn = rng(3)
        return Resampling(candidates=4, logit_scale=3).draw(normal(10, drawn), second, drawn, share)

    parts = Latent.cat([kept(slice(0, 3)), kept(slice(3, 10))])
    assert parts.z.equal(kept(slice(None)).z)


@pytest.mark.parametrize(
    ("name", "value"), [("candidates", 0), ("candidates", 1.5), ("logit_scale", -1), ("correlation", 1.1)]
)
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(SettingError, match=f"^{name}="):
        Resampling(**{name: value})


def test_candidates_are_refused_where_images_are_judged_together(make_gan):
    with pytest.raises(SettingError, match=r"^candidates=2: allowed: 1 for a discriminator that judges 4 images"):
        make_gan(resampling=Resampling(candidates=2))


def test_a_gan_makes_what_its_discriminator_takes_for_real_under_every_condition(make_gan):
    """This discriminator wants class 0 light, and takes all images of other classes for equally real."""
    gan = make_gan(group=1, resampling=Resampling(candidates=8, logit_scale=100))
    gan.discriminator.forward = lambda x, parts: x.mean(dim=(1, 2, 3)) * parts[0][:, 0]
    label = torch.arange(300) % 3
    dark, light = (
        gan(latent, Condition(label, torch.full((300,), 0.5)))
        for latent in (gan.draw_latent(300, rng()), gan.draw(300, [Condition(label, torch.full((300,), 0.5))], rng()))
    )
    by_class = [(light - dark)[label == k].mean().item() for k in range(3)]
    spread = dark.mean(dim=(1, 2, 3)).std().item()
    assert by_class[0] > spread
    assert max(map(abs, by_class[1:])) < spread / 2


def test_candidates_of_several_conditions_serve_all_of_them(make_gan):
    gan = make_gan(group=1, resampling=Resampling(candidates=2, logit_scale=10))
    seen = []
    gan.discriminator.forward = lambda x, parts: seen.append(parts[0][:, -1].unique()) or parts[0][:, -1]
    columns = [Condition(torch.zeros(4, dtype=torch.long), torch.full((4,), score)) for score in (0.3, 0.8)]
    gan.draw(4, columns, rng())
    assert torch.cat(seen).tolist() == pytest.approx([0.3, 0.8, 0.3, 0.8])
