"""Models conditioned on kinds of images, under a plain Trainer: half of the images are noise, half are flat."""

import pytest
import torch
from lightning import Trainer
from torch.utils.data import DataLoader

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.kinds import KindEncoding
from uqgen.conditioning.paper import PaperEncoding
from uqgen.conditioning.scored import ScoredBatch
from uqgen.data.labelled import unit_range
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.unet import UNet
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.stylegan2 import Discriminator, Generator
from uqgen.generators.gan.training import GANTraining

N, SHAPE = 64, (1, 8, 8)
FLAT, NOISE = 0, 1
KIND = (torch.arange(N) // 2) % 2
REAL = Condition(torch.arange(N) % 2, torch.linspace(0.5, 1, N))
QUIET = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False}


@pytest.fixture
def images() -> torch.Tensor:
    flat = torch.arange(N, dtype=torch.uint8).view(N, 1, 1, 1).expand(N, *SHAPE)
    return torch.where(KIND.view(N, 1, 1, 1) == NOISE, torch.randint(256, (N, *SHAPE), dtype=torch.uint8), flat)


def encoding_of(images):
    encoding = KindEncoding(PaperEncoding(2, REAL), {"texture": 2})
    encoding.fit(images)
    assert len(torch.stack([encoding.kinds[:, 0], KIND], dim=1).unique(dim=0)) == 2
    return encoding


def gan_of(images, **settings):
    encoding, channels = encoding_of(images), (4, 3)
    generator = Generator(SHAPE, encoding.part_dims, channels, latent_dim=4, w_dim=4, mapping_depth=1)
    discriminator = Discriminator(SHAPE, encoding.part_dims, channels, w_dim=4, mapping_depth=1, features=8)
    return ConditionalGAN(generator, discriminator, encoding, GANTraining(n_images=32, batch_size=8, **settings))


def flow_of(images):
    encoding = encoding_of(images)
    velocity = UNet(SHAPE, encoding.part_dims, channels=(8, 8), embedding=8)
    return ConditionalFlow(velocity, SHAPE, encoding, FlowTraining(n_images=32, batch_size=8), FlowSampling(steps=2))


def trained(model, images):
    def batch(index):
        own = REAL.select(index)
        return ScoredBatch(unit_range(images[index]), own, REAL.select(index.flip(0)))

    batches = [batch(index) for index in torch.arange(N).split(8)]
    trainer = Trainer(max_epochs=1, enable_model_summary=False, **QUIET)
    trainer.fit(model, DataLoader(batches, batch_size=None))
    return trainer


@pytest.mark.parametrize("settings", [{"loss": "relativistic", "energy": 0.5}, {"loss": "non_saturating"}])
def test_the_discriminator_is_told_what_kind_each_real_image_is_of_and_what_was_requested(images, settings):
    gan, told, requested = gan_of(images, **settings), [], []
    gan.discriminator.register_forward_pre_hook(lambda _, given: told.append(given))
    gan.generator.register_forward_pre_hook(lambda _, given: requested.append(given[1][-1].argmax(dim=1)))
    trained(gan, images)
    noise = int(gan.encoding.kinds[NOISE == KIND][0])
    both = [given for given in told if len(given[0]) == 16]  # real and generated ones
    assert len(both) == 4
    for (x, parts), asked in zip(both, requested, strict=True):
        is_noise = (x[:8] - x[:8].mean(dim=(1, 2, 3), keepdim=True)).abs().amax(dim=(1, 2, 3)) > 0.1
        assert (parts[-1][:8].argmax(dim=1) == noise).equal(is_noise)
        assert parts[-1][8:].argmax(dim=1).equal(asked)


@pytest.mark.parametrize("make", [gan_of, flow_of])
def test_a_checkpoint_alone_makes_the_model_and_its_kinds_again(make, images, tmp_path):
    model = make(images)
    trained(model, images).save_checkpoint(tmp_path / "model.ckpt")
    again = type(model).load_from_checkpoint(tmp_path / "model.ckpt", weights_only=True, map_location="cpu")
    latent = model.draw_latent(20, torch.Generator().manual_seed(0))
    requested = Condition(torch.arange(20) % 2, torch.linspace(0.5, 1, 20))
    assert again(latent, requested).equal(model(latent, requested))
    assert len(again.encoding.complete(requested, latent.chance).kinds.unique()) == 2


@pytest.mark.parametrize("make", [gan_of, flow_of])
def test_given_images_are_found_as_of_the_kind_that_they_are(make, images):
    model = make(images).eval()
    found = model.inverter(2).invert(unit_range(images[:8]), REAL.select(slice(8)))
    assert found.own.kinds.equal(model.encoding.kinds[:8].long())
    assert len(found.own.kinds.unique()) == 2
