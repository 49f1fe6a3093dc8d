import torch

from uqgen.generators.latent import Latent, StyleMix


def test_select_takes_z_and_every_noise_at_the_same_positions():
    latent = Latent(torch.arange(5.0)[:, None], (torch.arange(5.0).reshape(5, 1, 1, 1), torch.rand(5, 1, 2, 2)))
    index = torch.tensor([3, 3, 0])
    chosen = latent.select(index)
    assert len(latent) == 5
    assert len(chosen) == 3
    assert chosen.z[:, 0].tolist() == chosen.noise[0].flatten().tolist() == [3, 3, 0]
    assert chosen.noise[1].equal(latent.noise[1][index])


def test_select_takes_the_mixing_along():
    mix = StyleMix(torch.arange(5.0)[:, None], torch.arange(5))
    chosen = Latent(torch.zeros(5, 1), (), mix).select(slice(2, 4)).mix
    assert chosen is not None
    assert chosen.z[:, 0].tolist() == chosen.from_layer.tolist() == [2, 3]


def test_chance_is_the_quantile_of_the_first_coordinate_and_below_one():
    latent = Latent(torch.tensor([[0.0, 5.0], [1.6449, -5.0], [40.0, 0.0]]))
    torch.testing.assert_close(latent.chance, torch.tensor([0.5, 0.95, 1.0]), atol=1e-4, rtol=0)
    assert latent.chance.max() < 1
