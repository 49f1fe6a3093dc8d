"""Distance to the k-th nearest training image in the classifier's features.

Sun et al. (2022), "Out-of-distribution detection with deep nearest neighbors", equation 1 without its sign: high values
mean uncertain. Features are those before the last layer, scaled to length 1.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen import seeding
from uqgen.chunks import mapped
from uqgen.classifiers.own_network import OwnNetwork
from uqgen.classifiers.penultimate import averaged, watched
from uqgen.data.labelled import unit_range
from uqgen.scores.score import score
from uqgen.settings import SettingError, require, require_integer

FEATURES = (
    "with score=knn a layer that makes [N, F] or [N, F, H, W], or null where the last linear layer is given [N, F]; "
    "programs (torchscript, exported) hand out no features"
)
CHUNK = 250  # images whose features are computed at once


class NeighbourNetwork(nn.Module):
    """A network whose logits bear the distance as their log-sum-exp, which no softmax sees.

    Features are what its last linear layer is given, or, of a network of one's own, the output of its `feature_layer`,
    averaged over the image where it has height and width.

    Args:
        network: maps x to logits float [N, K].
        shape: of one x.
        train: training images, as `LabelledData` has them; None only tries whether the network hands out features.
        k: which neighbour counts.
        n_kept: training images, drawn at random, among which neighbours are, at most.

    Raises:
        SettingError: the network hands out no features, or there are fewer training images than k.
    """

    def __init__(self, network: nn.Module, shape: tuple[int, ...], train: Tensor | None, k: int, n_kept: int) -> None:
        super().__init__()
        self.network = network
        device = next(network.parameters()).device
        tried = self._features_of(torch.zeros(2, *shape, device=device))
        self.register_buffer("k", torch.tensor(k))  # one of the things that distinguish it from others
        self.register_buffer("kept", tried[:0])
        self.k: Tensor
        self.kept: Tensor
        if train is not None:
            require(k <= len(train), "k", k, f"at most the {len(train):,} training images")
            drawn = torch.randperm(len(train), generator=seeding.generator(0))[:n_kept].sort().values
            self.kept = mapped(drawn, lambda part: self._features_of(unit_range(train[part]).to(device)), CHUNK)
            self.to(device)

    def forward(self, x: Tensor) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1], or points [N, 2], to logits float [N, K]."""
        logits, features = self._watched(x)
        return logits.log_softmax(dim=1) + self.distance(features)[:, None]

    def distance(self, features: Tensor) -> Tensor:
        """Distance of features float [N, F], of length 1, to the k-th nearest of those kept; float [N] in [0, 2]."""
        nearest = (features.detach() @ self.kept.T).topk(int(self.k), dim=1).indices[:, -1]
        return (features - self.kept[nearest]).norm(dim=1)  # of digits that 2 - 2 cos would lose

    @torch.no_grad()
    def _features_of(self, x: Tensor) -> Tensor:
        return self._watched(x)[1]

    def _watched(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, and features float [N, F] of length 1."""
        named = self.network.named_layer() if isinstance(self.network, OwnNetwork) else None
        linear = [module for module in self.network.modules() if isinstance(module, nn.Linear)]
        last: list[Any] = [None]

        def note(_: nn.Module, given: tuple[Any, ...], made: Any) -> None:
            last[0] = given[0] if named is None else made

        with watched(linear if named is None else [named], note):
            logits = self.network(x)
        features = averaged(last[0])
        if features is None or len(features) != len(x):
            raise SettingError("feature_layer", getattr(self.network, "feature_layer", None), FEATURES)
        return logits, F.normalize(features.float(), dim=1)


def _check(k: int, n_kept: int) -> None:
    require_integer("k", k, 2)  # a training image is its own first neighbour
    require_integer("n_kept", n_kept, k)


@score(
    range=lambda n_classes, k, n_kept: (0.0, 2.0),
    high_means="uncertain",
    settings={"k": 50, "n_kept": 10_000},
    check=_check,
    adapt=NeighbourNetwork,
)
def knn(logits: Tensor, labels: Tensor, k: int, n_kept: int) -> Tensor:
    """The distance, which the logits of a `NeighbourNetwork` bear; of an ensemble, the members' mean."""
    return logits.logsumexp(dim=1)
