"""A network trained elsewhere, between images and logits as they are here."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import normalize, resize, rgb_to_grayscale

from uqgen import seeding
from uqgen.classifiers.output_classes import OutputClasses
from uqgen.settings import SettingError, require

N_PROBES = 16  # images of noise on which a network is tried
OUTPUTS = ("logits", "probabilities", "sigmoids")


class OwnNetwork(nn.Module):
    """Gives a network the images it was trained on, and makes logits of its outputs; stays in evaluation mode.

    Args:
        network: in evaluation mode.
        channels: 1 or 3, the channels that it takes; grey images are repeated, colour ones made grey.
        size: height and width that it takes.
        mean, std: of each channel, or one for all, of pixels in [0, 1]: what is subtracted, and then divided by.
        outputs: "logits"; "probabilities", whose logarithm is taken; "sigmoids", one for each class or one for the
            second of two, of which the log-odds are taken: the softmax of those is the probability of each class if one
            of them alone is true.
        output: where the network's output is in what it returns: a key, an attribute or a position; None for all of it.
        classes: what makes classes of its outputs; None where each output is a class.
        feature_layer: name of the layer whose output is taken as features; None: what the last linear one is given.
    """

    def __init__(
        self,
        network: nn.Module,
        channels: int,
        size: int,
        mean: Sequence[float],
        std: Sequence[float],
        outputs: str = "logits",
        output: str | int | None = None,
        classes: OutputClasses | None = None,
        feature_layer: str | None = None,
    ) -> None:
        super().__init__()
        self.network, self.channels, self.size = network, channels, size
        self.outputs, self.output, self.classes = outputs, output, classes
        self.mean, self.std, self.feature_layer = list(mean), list(std), feature_layer
        self.register_buffer("probe", torch.zeros(N_PROBES))
        self.training = False

    def train(self, mode: bool = True) -> "OwnNetwork":
        """Changes nothing: an exported program has no training mode."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1] to logits float [N, K]."""
        logits = self.logits(x)
        return logits if self.classes is None else self.classes(logits)

    def logits(self, x: Tensor) -> Tensor:
        """Images as in `forward` to a logit for each output of the network, float [N, L]; two of a single output."""
        outputs = self._taken(self.network(self.prepared(x)))
        outputs = outputs[:, None] if outputs.dim() == 1 else outputs
        is_single = outputs.shape[1] == 1
        if self.outputs == "sigmoids" or (self.outputs == "probabilities" and is_single):
            outputs = _log(outputs) - _log(1 - outputs)
        elif self.outputs == "probabilities":
            outputs = _log(outputs)
        return torch.cat([torch.zeros_like(outputs), outputs], dim=1) if is_single else outputs

    def named_layer(self) -> nn.Module | None:
        """The layer of the network that `feature_layer` names; None where it names none.

        Raises:
            SettingError: the network has no such layer.
        """
        if self.feature_layer is None:
            return None
        layers = dict(self.network.named_modules())
        require(
            self.feature_layer in layers,
            "feature_layer",
            self.feature_layer,
            f"one of {', '.join(filter(None, layers))}",
        )
        return layers[self.feature_layer]

    def prepared(self, x: Tensor) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1] as the network takes them, [N, channels, size, size]."""
        if x.shape[1] != self.channels:
            x = rgb_to_grayscale(x) if self.channels == 1 else x.expand(-1, self.channels, -1, -1)
        if x.shape[2:] != (self.size, self.size):
            x = resize(x, [self.size, self.size], antialias=True)
        return normalize(x.add(1).div(2), self.mean, self.std)

    @torch.no_grad()  # a table that a network makes at its first forward has to serve a gradient, too
    def try_out(self, shape: tuple[int, ...], n_classes: int) -> None:
        """Shows it images of noise, and keeps its outputs, which distinguish it from others with the same weights.

        Args:
            shape: (C, H, W) of an image.
            n_classes: number of classes K.

        Raises:
            SettingError: it does not take the images, has no layer of the name given, or what it says is not what is
                expected of a classifier.
        """
        self.named_layer()
        images = torch.rand(N_PROBES, *shape, generator=seeding.generator(0)).mul(2).sub(1)
        takes = f"a network that takes [N, {self.channels}, {self.size}, {self.size}]"
        try:
            returned, of_fewer = (self.network(self.prepared(part)) for part in (images, images[:3]))
        except Exception as error:  # whatever a foreign network raises
            need = self._refused(error) or f"{takes}, or its own channels= and size=; and N of any number"
            require(False, "network", type(self.network).__name__, f"{need} ({_last_line(error)})")
        outputs, of_fewer = self._require_part(returned), self._taken(of_fewer)
        if self.classes is not None:
            n_classes = _n_outputs(outputs, self.classes, n_classes)
        is_binary = n_classes == 2 and self.classes is None
        allowed = f"[N, {n_classes}], one for each class of the data" + (", or [N, 1]" if is_binary else "")
        shapes = [[N_PROBES, n_classes], *([[N_PROBES, 1], [N_PROBES]] if is_binary else [])]
        require(list(outputs.shape) in shapes, "network", f"outputs {list(outputs.shape)}", allowed)
        require(bool(outputs.isfinite().all()), "network", "outputs NaN or infinite", "finite ones")
        alike = torch.allclose(outputs[:3], of_fewer, rtol=1e-2, atol=1e-3)
        require(alike, "network", "outputs that depend on the rest of the batch, or on chance", "evaluation mode")
        of_one, expected = self._taken(self.network(self.prepared(images[:1]))), list(outputs[:1].shape)
        alone = f"outputs {list(of_one.shape)} of one image"
        require(list(of_one.shape) == expected, "network", alone, f"{expected}, as of several")
        blurred = self._taken(self.network(self.prepared(resize(images[..., :2, :2], list(shape[1:])))))
        self._require_kind(torch.cat([outputs, blurred]).float().view(2 * N_PROBES, -1))
        self._require_gradient(images[:3])
        self.probe = outputs.float().round(decimals=3)  # so that the same network says the same elsewhere

    @torch.enable_grad()
    def _require_gradient(self, images: Tensor) -> None:
        """By the images, which guidance, the consistency loss and edits follow."""
        reason, given = "", images.clone().requires_grad_()
        try:
            torch.autograd.grad(self._taken(self.network(self.prepared(given))).float().sum(), given)
        except Exception as error:  # whatever a foreign network raises
            reason = _last_line(error)
        allowed = "ones with a gradient by the images: a forward without no_grad, inference_mode or detach"
        require(not reason, "network", f"outputs without a gradient ({reason})", allowed)

    def _taken(self, returned: Any) -> Any:
        """The network's output in what it returned."""
        if self.output is None:
            return returned
        has_keys = isinstance(returned, Mapping | Sequence)
        return returned[self.output] if has_keys else getattr(returned, str(self.output))

    def _require_part(self, returned: Any) -> Tensor:
        try:
            part = self._taken(returned)
        except (LookupError, TypeError, AttributeError):
            part = None
        if not isinstance(part, Tensor):
            found = "a tensor" if isinstance(returned, Tensor) else type(returned).__name__
            parts = ", ".join(_parts(returned))
            tensor = f"null, and a network that returns a tensor, not {found}"
            allowed = f"one of {parts}, of the {found} that it returns" if parts else tensor
            raise SettingError("output", self.output, allowed)
        return part

    def _require_kind(self, outputs: Tensor) -> None:
        """Refuses outputs [N, K] or [N, 1] that are of another kind than was said."""
        is_single, sums = outputs.shape[1] == 1, outputs.sum(dim=1)
        if not bool((outputs >= 0).all() and (outputs <= 1).all()):
            right, allowed = {"logits"}, "logits: its outputs do not " + ("stay in [0, 1]" if is_single else "sum to 1")
        elif is_single:
            right, allowed = {"sigmoids", "probabilities"}, "sigmoids, as its outputs are, all in [0, 1]"
        elif torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
            right, allowed = {"probabilities"}, "probabilities, as its outputs are"
        else:  # logits there would give no class a probability above e / (e + K - 1)
            right, allowed = {"sigmoids"}, "sigmoids, as its outputs are, all in [0, 1]"
        require(self.outputs in right, "outputs", self.outputs, allowed)

    def _refused(self, error: Exception) -> str:
        """What is needed of a network that runs on no other device, or in no other precision."""
        if "cuda" in str(error).lower():
            return "one that runs on the CPU, too: it names a GPU in its code; save it anew, from the CPU"
        if any(value.is_floating_point() and value.dtype.itemsize < 4 for value in self.network.parameters()):
            return "one in single precision: save it anew, after network.float()"
        return ""


def _log(probability: Tensor) -> Tensor:
    """The logarithm, finite at 0."""
    return probability.clamp_min(torch.finfo(probability.dtype).tiny).log()


def _parts(returned: Any) -> list[str]:
    """The names or positions of the tensors in what a network returned."""
    if isinstance(returned, Tensor):
        return []
    if isinstance(returned, Mapping):
        items = list(returned.items())
    elif isinstance(returned, Sequence):
        items = list(enumerate(returned))
    else:
        items = list(getattr(returned, "__dict__", {}).items())
    return [str(name) for name, value in items if isinstance(value, Tensor)]


def _last_line(error: Exception) -> str:
    """What TorchScript says last is what matters."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1][:200]


def _n_outputs(outputs: object, classes: OutputClasses, n_classes: int) -> int:
    """How many outputs a network may have that `classes` makes so many classes of."""
    require(
        classes.n_classes == n_classes, "classes", f"a list of {classes.n_classes}", f"{n_classes}: one for each class"
    )
    n_outputs = outputs.shape[-1] if isinstance(outputs, Tensor) and outputs.dim() else 0
    named = f"output {classes.n_outputs - 1}"
    require(classes.n_outputs <= n_outputs, "classes", named, f"below {n_outputs}, which is how many outputs it has")
    return n_outputs
