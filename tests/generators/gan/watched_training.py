"""What networks are at each moment of a GAN's training, and what passes through them."""

from dataclasses import dataclass

from lightning import Callback
from torch import Tensor


@dataclass
class Moment:
    """The networks at one moment of a training."""

    name: str
    n_images: int
    generator: list[Tensor]
    discriminator: list[Tensor]
    ema: list[Tensor]
    generator_gradients: list[Tensor | None]
    discriminator_gradients: list[Tensor | None]

    @classmethod
    def of(cls, name, gan):
        g, d = gan.generator, gan.discriminator
        return cls(name, gan.n_images, weights(g), weights(d), weights(gan.ema), gradients(g), gradients(d))


class Recorder(Callback):
    """Keeps what the networks are at the start of every batch, before every step of an optimiser, and at its end."""

    def __init__(self):
        self.moments = []

    def on_train_batch_start(self, trainer, gan, *args):
        self.moments.append(Moment.of("start", gan))

    def on_before_optimizer_step(self, trainer, gan, optimizer):
        generator, _discriminator = trainer.optimizers
        self.moments.append(Moment.of("generator" if optimizer is generator else "discriminator", gan))

    def on_train_batch_end(self, trainer, gan, *args):
        self.moments.append(Moment.of("end", gan))

    def steps(self):
        steps = [self.moments[first : first + 4] for first in range(0, len(self.moments), 4)]
        assert all([m.name for m in step] == ["start", "discriminator", "generator", "end"] for step in steps)
        return steps


class Spy:
    """Keeps what goes into a network and what comes out."""

    def __init__(self, network):
        self.inputs, self.outputs = [], []
        forward = network.forward

        def spied(*args):
            self.inputs.append(args)
            self.outputs.append(forward(*args))
            return self.outputs[-1]

        network.forward = spied


def weights(network):
    return [weight.detach().clone() for weight in network.parameters()]


def gradients(network):
    return [None if weight.grad is None else weight.grad.clone() for weight in network.parameters()]
