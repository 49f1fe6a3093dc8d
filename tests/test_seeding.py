import itertools

import pytest
import torch

from uqgen import seeding


def draw(*entropy):
    return tuple(torch.rand(4, generator=seeding.generator(*entropy)).tolist())


def test_the_same_numbers_give_the_same_stream():
    first = draw(3, 1, 4)
    torch.rand(5)
    assert draw(3, 1, 4) == first


def test_numbers_in_another_order_and_with_the_same_sum_give_another_stream():
    tuples = list(itertools.product(range(6), repeat=3))
    assert len({draw(*entropy) for entropy in tuples}) == len(tuples)


@pytest.mark.parametrize(("one", "other"), [((1,), (1, 0)), ((1, 2), (1, 2, 0)), ((0, 1), (2**32,)), ((5, 7), (57,))])
def test_tuples_of_different_lengths_give_different_streams(one, other):
    assert draw(*one) != draw(*other)


def test_large_numbers_are_taken_as_they_are():
    assert len({draw(2**40 + offset) for offset in range(50)} | {draw(offset) for offset in range(50)}) == 100


def test_first_draws_are_uniform_over_seeds():
    first = torch.tensor([draw(seed, 7)[0] for seed in range(4000)])
    assert (torch.histc(first, 10, 0, 1) / 4000).tolist() == pytest.approx([0.1] * 10, abs=0.02)


def test_the_generator_is_on_the_device_requested():
    assert seeding.generator(1).device == torch.device("cpu")
    if torch.cuda.is_available():
        assert seeding.generator(1, device="cuda").device.type == "cuda"
