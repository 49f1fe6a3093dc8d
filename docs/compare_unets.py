"""Speed and size of our U-Net beside those of two libraries: pip install diffusers torchcfm; then run this file.

Each has the same widths, one residual block at each resolution and no attention, works on 2 x 2 pixels folded into
channels, and takes one training step on 64 images of 32 x 32 pixels in turn. The fastest of the rounds counts.
"""

import time
from collections.abc import Callable

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle
from torchcfm.models.unet import UNetModel

from uqgen.generators.flow.unet import UNet

N, ROUNDS, WIDTHS = 64, 12, (32, 64, 96)


def main() -> None:
    """Measures the three in turn, so that a machine's other work slows all of them."""
    ours = UNet((1, 32, 32), (10, 8), WIDTHS)
    diffusers = UNet2DModel(
        16, 4, 4, layers_per_block=1, block_out_channels=WIDTHS, norm_num_groups=8, class_embed_type="timestep",
        down_block_types=("DownBlock2D",) * 3, up_block_types=("UpBlock2D",) * 3,
    )  # fmt: skip
    torchcfm = UNetModel((4, 16, 16), WIDTHS[0], 1, channel_mult=(1, 2, 3), attention_resolutions="1000")
    x, t, parts = torch.randn(N, 1, 32, 32), torch.rand(N), (torch.randn(N, 10), torch.randn(N, 8))
    folded = pixel_unshuffle(x, 2)
    networks: dict[str, tuple[nn.Module, Callable[[], Tensor]]] = {
        "uqgen": (ours, lambda: ours(x, t, parts)),
        "diffusers": (diffusers, lambda: diffusers(folded, t, class_labels=t).sample),
        "torchcfm": (torchcfm, lambda: torchcfm(t, folded)),
    }
    for network, _ in networks.values():
        network.to(memory_format=torch.channels_last)
    times = {name: [] for name in networks}
    for _ in range(ROUNDS):
        for name, (_, forward) in networks.items():
            times[name].append(_step_seconds(forward))
    for name, (network, _) in networks.items():
        n_weights = sum(weight.numel() for weight in network.parameters()) / 1e6
        fastest, own = min(times[name]), min(times["uqgen"])
        found = f"{n_weights:.2f} M weights, {1000 * fastest:.0f} ms a step, {fastest / own:.2f} times ours"
        print(f"{name:10s} {found}")  # noqa: T201


def _step_seconds(forward: Callable[[], Tensor]) -> float:
    start = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16):
        loss = forward().square().mean()
    loss.backward()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
