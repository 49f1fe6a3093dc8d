import pytest
import torch
from torch import nn

from uqgen.classifiers.mlp import MLP
from uqgen.settings import SettingError


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_depth_counts_the_hidden_layers(depth):
    network = MLP((2,), 3, hidden=5, depth=depth)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    widths = [(layer.in_features, layer.out_features) for layer in linear]
    assert widths == [(2, 5), *[(5, 5)] * (depth - 1), (5, 3)]
    x = y = torch.randn(4, 2)
    for layer in linear[:-1]:
        y = (y @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(network(x), y @ linear[-1].weight.T + linear[-1].bias)


@pytest.mark.parametrize(
    ("name", "settings"), [("hidden", {"hidden": 0}), ("depth", {"depth": 0}), ("_target_", {"shape": (1, 8, 8)})]
)
def test_settings_that_do_not_fit_are_refused(name, settings):
    with pytest.raises(SettingError, match=f"^{name}="):
        MLP(**{"shape": (2,), "n_classes": 2, **settings})
