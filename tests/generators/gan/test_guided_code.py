import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.generators.gan.guided_code import BOUND, N_STEPS


class OfClassZero:
    """Moves the codes of class 0 by `length` in each step, and no others; keeps how many it was asked for."""

    def __init__(self, length: float) -> None:
        self.length, self.asked = length, []

    def step(self, code: Tensor, decode, condition: Condition, bound: Tensor) -> Tensor:
        self.asked.append(len(code))
        assert decode(code).shape == (len(code), 1, 8, 8)
        step = torch.zeros_like(code)
        step[..., 0] = self.length * (condition.label == 0)[:, None]
        return step


def made(gan, guidance, condition: Condition) -> tuple[Tensor, Tensor]:
    """Images with and without guidance."""
    latent = gan.draw_latent(len(condition.label), torch.Generator().manual_seed(0))
    with gan.guided_by(guidance):
        guided = gan(latent, condition)
    with gan.guided_by(None):
        return guided, gan(latent, condition)


def test_what_does_not_move_is_asked_for_once_and_left_as_it_is(make_gan):
    gan, guidance = make_gan(), OfClassZero(0.01)
    condition = Condition(torch.tensor([1, 0, 2, 0]), torch.full((4,), 0.5))
    guided, alone = made(gan, guidance, condition)
    assert guidance.asked == [4] + (N_STEPS - 1) * [2]
    torch.testing.assert_close(guided[[0, 2]], alone[[0, 2]])
    assert ((guided - alone).flatten(1)[[1, 3]].abs().amax(dim=1) > 0).all()
    nothing = OfClassZero(0.01)
    made(gan, nothing, Condition(torch.tensor([1, 2]), torch.full((2,), 0.5)))
    assert nothing.asked == [2]


def test_all_steps_together_stay_within_the_bound(make_gan):
    gan, condition = make_gan(), Condition(torch.tensor([0, 0]), torch.full((2,), 0.5))
    guided, _ = made(gan, OfClassZero(100.0), condition)
    latent = gan.draw_latent(2, torch.Generator().manual_seed(0))
    generator, parts = gan.ema.module, gan.encoding(condition)
    with torch.no_grad():
        code = generator.code(latent, parts)
        offset = torch.zeros_like(code)
        offset[..., 0] = 1
        furthest = BOUND * code.flatten(1).norm(dim=1)
        offset *= (furthest / offset.flatten(1).norm(dim=1)).view(-1, 1, 1)
        expected = generator.decode(code + offset, latent, parts).clamp(-1, 1)
    torch.testing.assert_close(guided, expected)
