import copy
import math
from dataclasses import dataclass, field

import pytest
import torch
import torch.nn.functional as F
from lightning import Callback

from uqgen.conditioning.condition import Condition
from uqgen.gan.module import PATH_LENGTH_EVERY, PATH_LENGTH_RATE
from uqgen.networks.latent import Latent
from uqgen.settings import SettingError


def weights(module):
    return [weight.detach().clone() for weight in module.parameters()]


def gradients(module):
    return [None if weight.grad is None else weight.grad.clone() for weight in module.parameters()]


def same(some, others):
    return all(
        (one is None and other is None) or (one is not None and other is not None and one.equal(other))
        for one, other in zip(some, others, strict=True)
    )


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@dataclass
class Moment:
    """The networks at one moment of a training."""

    name: str
    generator: list = field(default_factory=list)
    discriminator: list = field(default_factory=list)
    generator_gradients: list = field(default_factory=list)
    discriminator_gradients: list = field(default_factory=list)
    ema: list = field(default_factory=list)
    n_images: int = 0

    @classmethod
    def of(cls, name, gan):
        g, d = gan.generator, gan.discriminator
        return cls(name, weights(g), weights(d), gradients(g), gradients(d), weights(gan.ema), gan.n_images)


class Recorder(Callback):
    """Keeps what the networks are before every step of an optimiser and after every batch."""

    def __init__(self):
        self.moments = []

    def on_train_batch_start(self, trainer, gan, *args):
        self.moments.append(Moment.of("start", gan))

    def on_before_optimizer_step(self, trainer, gan, optimizer):
        generator, discriminator = gan.trainer.optimizers
        name = {id(generator): "generator", id(discriminator): "discriminator"}[id(optimizer)]
        self.moments.append(Moment.of(name, gan))

    def on_train_batch_end(self, trainer, gan, *args):
        self.moments.append(Moment.of("end", gan))

    def steps(self):
        """For each batch: its start, before the discriminator's step, before the generator's step, its end."""
        moments = [self.moments[start : start + 4] for start in range(0, len(self.moments), 4)]
        assert all(
            [moment.name for moment in step] == ["start", "discriminator", "generator", "end"] for step in moments
        )
        return moments


class Spy:
    """Keeps what goes into a network and what comes out."""

    def __init__(self, network):
        self.calls = []
        forward = network.forward

        def spied(*args, **kwargs):
            out = forward(*args, **kwargs)
            self.calls.append((args, out))
            return out

        network.forward = spied


def test_each_step_changes_its_own_network_alone(make_gan, train, tmp_path):
    recorder = Recorder()
    train(make_gan(n_images=40, penalty_every=2), tmp_path, recorder)
    steps = recorder.steps()
    assert len(steps) == 5
    for start, before_d, before_g, end in steps:
        assert same(start.discriminator, before_d.discriminator)
        assert not any(
            one.equal(other)
            for one, other in zip(before_d.discriminator, before_g.discriminator, strict=True)
            if one.numel() > 1 and not same_gradient_zero(before_d, one)
        )
        assert same(before_g.discriminator, end.discriminator)
        assert same(start.generator, before_g.generator)
        assert not same(before_g.generator, end.generator)


def same_gradient_zero(moment, weight):
    """Whether this weight of the discriminator had no gradient in its step."""
    position = next(i for i, one in enumerate(moment.discriminator) if one is weight)
    return not moment.discriminator_gradients[position].any()
