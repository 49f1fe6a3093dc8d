"""How far an enforcement pulls generated images in a step of the training."""

import torch

from uqgen.enforcement.enforcement import Enforcement
from uqgen.files import read_rows

BATCH = 8


class Pull(Enforcement):
    """Pulls every pixel, and pushes a weight of its own through the discriminator's optimiser."""

    def __init__(self, bound, warm_up=0):
        super().__init__(None)
        self.bound, self.warm_up = bound, warm_up
        self.own = torch.nn.Parameter(torch.ones(()))

    def discriminator_loss(self, real, own, fake, asked, rng):
        return self.own.square()

    def generator_loss(self, fake, asked, rng):
        return fake.sum(dim=(1, 2, 3))


def image_gradients(make_gan, train, folder, enforcement):
    """The gradient by the generated images in each step, and the GAN afterwards."""
    gan, seen = make_gan(n_images=4 * BATCH), []
    gan.enforcement = enforcement
    forward = gan.generator.forward

    def spied(*args):
        made = forward(*args)
        made.register_hook(seen.append)
        return made

    gan.generator.forward = spied
    train(gan, folder)
    return seen[len(seen) // 4 - 1 :: len(seen) // 4], gan  # push and pull come before their sum


def test_an_enforcement_pulls_each_image_as_far_as_its_bound_allows(make_gan, train, tmp_path):
    (push, *_), _ = image_gradients(make_gan, train, tmp_path / "none", Enforcement(None))
    (pulled, *_), gan = image_gradients(make_gan, train, tmp_path / "pull", Pull(bound=0.5))
    pull = (pulled - push).flatten(1)
    torch.testing.assert_close(pull.norm(dim=1), 0.5 * push.flatten(1).norm(dim=1), rtol=1e-3, atol=1e-7)
    assert pull.std(dim=1).max() < 1e-3 * pull.abs().max()  # every pixel alike
    assert gan.enforcement.own < 1
    (row, *_) = read_rows(tmp_path / "pull" / "history.csv")
    assert {"d_enforcement", "g_enforcement"} <= row.keys()


def test_a_pull_grows_over_its_warm_up(make_gan, train, tmp_path):
    none, _ = image_gradients(make_gan, train, tmp_path / "none", Enforcement(None))
    warm, _ = image_gradients(make_gan, train, tmp_path / "warm", Pull(bound=0.5, warm_up=2 * BATCH))
    torch.testing.assert_close(warm[0], none[0])
    assert not torch.allclose(warm[1], none[1])
