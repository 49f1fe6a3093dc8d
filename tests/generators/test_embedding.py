import math

import pytest
import torch

from uqgen.generators.embedding import ConditionEmbedding


def test_each_part_is_embedded_linearly_and_normalised():
    embedding = ConditionEmbedding((3, 1), 5)
    with torch.no_grad():
        for layer in embedding.layers:
            layer.bias.normal_()
    parts = (torch.randn(4, 3), torch.randn(4, 1))
    expected = []
    for layer, part in zip(embedding.layers, parts, strict=True):
        linear = part @ layer.weight.T / math.sqrt(part.shape[1]) + layer.bias
        expected.append(linear / linear.square().mean(dim=1, keepdim=True).sqrt())
    assert embedding.out_features == 10
    torch.testing.assert_close(embedding(parts), torch.cat(expected, dim=1), atol=1e-5, rtol=1e-4)


def test_no_part_dominates_another():
    embedding = ConditionEmbedding((3, 2), 5)
    parts = (torch.randn(4, 3), torch.randn(4, 2))
    whole, loud = embedding(parts), embedding((parts[0] * 1e4, parts[1]))
    assert loud[:, 5:].equal(whole[:, 5:])
    torch.testing.assert_close(loud.square().mean(dim=1), torch.ones(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(loud[:, :5], whole[:, :5], atol=1e-4, rtol=1e-3)  # while biases are zero


def test_a_missing_part_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        ConditionEmbedding((3, 2), 5)((torch.randn(4, 3),))
