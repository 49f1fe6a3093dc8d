"""A network trained elsewhere, between images and logits as they are here."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import normalize, resize, rgb_to_grayscale

from uqgen import seeding
from uqgen.classifiers.output_classes import OutputClasses
from uqgen.settings import require

N_PROBES = 16  # images of noise on which a network is tried
OUTPUTS = ("logits", "probabilities")


class OwnNetwork(nn.Module):
    """Gives a network the images it was trained on, and makes logits of its outputs; stays in evaluation mode.

    Args:
        network: in evaluation mode.
        channels: 1 or 3, the channels that it takes; grey images are repeated, colour ones made grey.
        size: height and width that it takes.
        mean, std: of each channel, or one for all, of pixels in [0, 1]: what is subtracted, and then divided by.
        outputs: "logits", or "probabilities" whose logarithm is taken.
        classes: what makes classes of its outputs; None where each output is a class.
    """

    def __init__(
        self,
        network: nn.Module,
        channels: int,
        size: int,
        mean: Sequence[float],
        std: Sequence[float],
        outputs: str,
        classes: OutputClasses | None = None,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.network, self.channels, self.size, self.outputs = network, channels, size, outputs
        self.mean, self.std = list(mean), list(std)
        self.register_buffer("probe", torch.zeros(N_PROBES))
        self.training = False

    def train(self, mode: bool = True) -> "OwnNetwork":
        """Changes nothing: an exported program cannot even be asked to."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1] to logits float [N, K]."""
        logits = self.logits(x)
        return logits if self.classes is None else self.classes(logits)

    def logits(self, x: Tensor) -> Tensor:
        """Images as in `forward` to a logit for each output of the network, float [N, L]."""
        outputs = self.network(self.prepared(x))
        if self.outputs == "probabilities":
            return outputs.clamp_min(torch.finfo(outputs.dtype).tiny).log()
        return outputs

    def prepared(self, x: Tensor) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1] as the network takes them, [N, channels, size, size]."""
        if x.shape[1] != self.channels:
            x = rgb_to_grayscale(x) if self.channels == 1 else x.expand(-1, self.channels, -1, -1)
        if x.shape[2:] != (self.size, self.size):
            x = resize(x, [self.size, self.size], antialias=True)
        return normalize(x.add(1).div(2), self.mean, self.std)

    @torch.inference_mode()
    def try_out(self, shape: tuple[int, ...], n_classes: int) -> None:
        """Shows it images of noise, and keeps what it says of them: they tell it from others with the same weights.

        Args:
            shape: (C, H, W) of an image.
            n_classes: number of classes K.

        Raises:
            SettingError: it does not take the images, or what it says is not what is expected of a classifier.
        """
        images = torch.rand(N_PROBES, *shape, generator=seeding.generator(0)).mul(2).sub(1)
        takes = f"a network that takes [N, {self.channels}, {self.size}, {self.size}]"
        try:
            outputs, of_fewer = (self.network(self.prepared(part)) for part in (images, images[:3]))
        except Exception as error:  # whatever a foreign network raises; TorchScript says what matters last
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1][:200]
            need = f"{takes}, or its own channels= and size=; and N of any number"
            require(False, "network", type(self.network).__name__, f"{need} ({reason})")
        n_classes = n_classes if self.classes is None else _n_outputs(outputs, self.classes, n_classes)
        found = list(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        allowed = f"[N, {n_classes}], one for each class of the data"
        require(found == [N_PROBES, n_classes], "network", f"outputs {found}", allowed)
        require(bool(outputs.isfinite().all()), "network", "outputs NaN or infinite", "finite ones")
        alike = torch.allclose(outputs[:3], of_fewer, rtol=1e-2, atol=1e-3)
        require(alike, "network", "outputs that depend on the rest of the batch, or on chance", "evaluation mode")
        sums = outputs.sum(dim=1)
        are_probabilities = bool((outputs >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3)
        require(
            are_probabilities == (self.outputs == "probabilities"),
            "outputs",
            self.outputs,
            "probabilities, as its outputs are" if are_probabilities else "logits: its outputs do not sum to 1",
        )
        self.probe = outputs.float().round(decimals=3)  # so that the same network says the same elsewhere


def _n_outputs(outputs: object, classes: OutputClasses, n_classes: int) -> int:
    """How many outputs a network may have that `classes` makes so many classes of."""
    require(
        classes.n_classes == n_classes, "classes", f"a list of {classes.n_classes}", f"{n_classes}: one for each class"
    )
    n_outputs = outputs.shape[-1] if isinstance(outputs, Tensor) and outputs.dim() else 0
    named = f"output {classes.n_outputs - 1}"
    require(classes.n_outputs <= n_outputs, "classes", named, f"below {n_outputs}, which is how many outputs it has")
    return n_outputs
