"""The target: a classifier that no longer learns."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from uqgen.chunks import mapped
from uqgen.classifiers.ensemble import Ensemble
from uqgen.data.labelled import unit_range

AT_ONCE = 2**30  # bytes that a classifier may keep for a gradient
COMPUTED = ("probe", "kept")  # buffers: what a network of one's own says of noise, and features of training images


class FrozenClassifier(nn.Module):
    """A classifier in evaluation mode for good, without gradients to its weights, always in fp32.

    Gradients still flow to its input.

    Args:
        network: maps x to logits float [N, K], or [N, M, K] of an ensemble.

    Examples:
        >>> from uqgen.classifiers.mlp import MLP
        >>> target = FrozenClassifier(MLP((2,), 3))
        >>> target.predict(torch.zeros(5, 2)).shape
        torch.Size([5, 3])
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self._kept: dict[torch.Size, int] = {}
        self.eval()

    def train(self, mode: bool = True) -> "FrozenClassifier":
        """Stays in evaluation mode, whatever the mode of what holds it."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1], or points [N, 2], to logits float32 [N, K] or [N, M, K]."""
        with torch.autocast(x.device.type, enabled=False):
            return self.network(x.float()).float()

    def at_once(self, x: Tensor) -> int:
        """How many inputs a gradient can be had of within 1 GiB of what the network keeps for it; 1 at least.

        Args:
            x: float32 [N, C, H, W] or [N, 2], N at least 1, on the classifier's device; the first is tried, once.
        """
        if x.shape[1:] not in self._kept:
            with torch.inference_mode(False), torch.enable_grad():
                pair = x[:1].clone().expand(2, *x.shape[1:]).contiguous()  # an exported program may refuse a single one
                self._kept[x.shape[1:]] = self._bytes_kept(pair.requires_grad_()) // 2
        return max(1, AT_ONCE // max(1, self._kept[x.shape[1:]]))

    def _bytes_kept(self, x: Tensor) -> int:
        kept = {weight.data_ptr(): 0 for weight in self.parameters()}

        def note(tensor: Tensor) -> Tensor:
            kept.setdefault(tensor.data_ptr(), tensor.nbytes)
            return tensor

        with saved_tensors_hooks(note, lambda tensor: tensor):
            _logits = self(x)  # holds what is kept, so that no address is given twice
        return sum(kept.values())

    @torch.no_grad()  # a table that a network makes at its first forward has to serve a gradient, too
    def predict(self, x: Tensor, batch_size: int = 250) -> Tensor:
        """Logits of many inputs, in chunks that bound the memory.

        Args:
            x: images uint8 or float32 [N, C, H, W], or points float32 [N, 2], on any device.
            batch_size: inputs in a chunk, at most.

        Returns:
            float32 [N, K], or [N, M, K] of an ensemble, on the CPU.
        """
        device = next(self.parameters()).device
        return mapped(x, lambda chunk: self(unit_range(chunk.to(device))), self.chunk(x, batch_size))

    def chunk(self, x: Tensor, most: int) -> int:
        """How many inputs `predict` takes at once: as `at_once` says, `most` at most; x as there."""
        return min(most, self.at_once(unit_range(x[:1].to(next(self.parameters()).device)))) if len(x) else most

    def digest(self) -> str:
        """SHA-256 of the weights and buffers, in hexadecimal."""
        return _digest_of_state(self.state_dict())

    def digest_of_weights(self) -> str:
        """The same without what is computed of other images, whose last digits another machine may round."""
        weights = {name: value for name, value in self.state_dict().items() if name.split(".")[-1] not in COMPUTED}
        return _digest_of_state(weights)

    def weights(self) -> frozenset[str]:
        """One SHA-256 for each network in it, of the trained weights alone: whatever they are called or wrapped in."""
        networks = self.network.members if isinstance(self.network, Ensemble) else [self.network]
        return frozenset(map(_digest_of_weights, networks))


def _digest_of_weights(network: nn.Module) -> str:
    values = (value.detach().cpu().float().contiguous().numpy() for value in network.parameters())
    return hashlib.sha256(b"".join(sorted(hashlib.sha256(value.tobytes()).digest() for value in values))).hexdigest()


def _digest_of_state(state: Mapping[str, Tensor]) -> str:
    sha = hashlib.sha256()
    for name, value in sorted(state.items()):
        sha.update(name.encode())
        sha.update(value.cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())  # NumPy has no bfloat16
    return sha.hexdigest()
