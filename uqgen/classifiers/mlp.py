"""A small fully connected classifier for points: Le Coz et al. (2023), section 3.1."""

from lightning.pytorch.core.mixins.hparams_mixin import HyperparametersMixin
from torch import nn

from uqgen.settings import require_integer, require_points


class MLP(nn.Sequential, HyperparametersMixin):
    """Fully connected layers with ReLU; maps points float32 [N, D] to logits float32 [N, K].

    Args:
        shape: (D,), the number of coordinates.
        n_classes: number of classes K.
        hidden: width of each hidden layer.
        depth: number of hidden layers.

    Raises:
        SettingError: the width or the depth is not positive.

    Examples:
        >>> import torch
        >>> MLP((2,), n_classes=3)(torch.zeros(5, 2)).shape
        torch.Size([5, 3])
    """

    def __init__(self, shape: tuple[int], n_classes: int, hidden: int = 64, depth: int = 2) -> None:
        require_points(shape, "classifier=cnn")
        require_integer("hidden", hidden, 1)
        require_integer("depth", depth, 1)
        layers: list[nn.Module] = []
        for width in [shape[0]] + [hidden] * (depth - 1):
            layers += [nn.Linear(width, hidden), nn.ReLU(inplace=True)]
        super().__init__(*layers, nn.Linear(hidden, n_classes))
        self.save_hyperparameters(logger=False)
