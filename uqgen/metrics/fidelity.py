"""Realism of generated images: the Frechet and the kernel distance between features of real and generated images.

FID: Heusel et al. (2017), "GANs trained by a two time-scale update rule", equation 6. KID: Binkowski et al. (2018),
"Demystifying MMD GANs", section 4. Values under different feature networks do not compare.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd

from uqgen.chunks import mapped, rows_at_once
from uqgen.metrics.metric import Metric, Row, Sides, distance, register

BATCH_SIZE = 500
KID_SUBSETS, KID_SUBSET_SIZE = 100, 1_000


@dataclass(frozen=True)
class Fidelity:
    """Distances of a set of images from a reference set; the smaller, the more alike.

    Attributes:
        fid: Frechet distance between the Gaussians fitted to both sets of features, 0 or more but for rounding; biased
            upwards, the more so the fewer the images.
        kid: squared maximum mean discrepancy under the kernel (x . y / F + 1)^3, mean over 100 random subsets;
            unbiased, so it can be slightly negative.
        kid_std: standard deviation over the subsets.
    """

    fid: float
    kid: float
    kid_std: float


@torch.inference_mode()
def extract_features(images: Tensor, features: nn.Module) -> Tensor:
    """Features of images, in batches.

    Args:
        images: float32 [N, C, H, W] in [-1, 1], on the network's device.
        features: network in evaluation mode, [N, C, H, W] to [N, F].

    Returns:
        float32 [N, F] on the CPU.
    """
    return mapped(images, features, BATCH_SIZE)


def compare_features(real: Tensor, fake: Tensor, seed: int = 0) -> Fidelity:
    """FID and KID of features already extracted.

    Args:
        real: float [N, F], N at least 2.
        fake: float [M, F], M at least 2.
        seed: draws the subsets of the KID, each of 1,000 features of either side, or of all of the smaller side.

    Raises:
        ValueError: fewer than two features on either side, or the number of features F differs.
    """
    fid = frechet_distance(real, fake)
    rng, size = torch.Generator().manual_seed(seed), min(KID_SUBSET_SIZE, len(real), len(fake))
    drawn = ((_drawn(real, size, rng), _drawn(fake, size, rng)) for _ in range(KID_SUBSETS))
    kid = torch.stack([poly_mmd(ours, theirs) for ours, theirs in drawn])
    return Fidelity(fid, float(kid.mean()), float(kid.std(unbiased=False)))


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """FID alone, of features already extracted.

    Args:
        real: float [N, F], N at least 2.
        fake: float [M, F], M at least 2.

    Raises:
        ValueError: as `compare_features`.
    """
    if real.shape[1:] != fake.shape[1:] or min(len(real), len(fake)) < 2:
        raise ValueError(f"features must be [N, F] and [M, F] with N, M above 1, not {[*real.shape]}, {[*fake.shape]}")
    fid = FrechetInceptionDistance(_AsTheyAre(real.shape[1]), sync_on_compute=False)  # every process has all features
    for side, is_real in ((real, True), (fake, False)):
        for part in side.split(rows_at_once(side)):
            fid.update(part.double(), real=is_real)
    return float(fid.compute())


def _drawn(features: Tensor, n: int, rng: torch.Generator) -> Tensor:
    return features[torch.randperm(len(features), generator=rng)[:n]].double()


class _AsTheyAre(nn.Identity):
    """The feature network of features already extracted; the FID needs their number."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features


@distance("images")
def fidelity_of(sides: Sides) -> Fidelity | None:
    """FID and KID of images; None for points."""
    return compare_features(sides.train.features, sides.ours.features, sides.seed) if sides.is_image else None


_REALISM, _FLOOR = "realism/images", "realism/images_floor"
register(
    Metric(
        f"{_REALISM}/fid",
        "FID",
        "lower",
        digits=1,
        name="fid",
        theme="realism",
        main=True,
        relative=True,
        sentence="Fréchet distance (FID)",
        floor=f"{_FLOOR}/fid",
        section="Quality",
        panel="FID (images)",
        data="images",
        rows=[
            Row("realism", "FID", {"generated": f"{_REALISM}/fid", "real": f"{_FLOOR}/fid"}, "{:.2f}", missing=""),
            Row("by_strength", "{0}", {"FID": f"by_strength/*/{_REALISM}/fid"}, "{:.2f}", missing=""),
        ],
    ),
    Metric(
        f"{_REALISM}/kid",
        "KID",
        "lower",
        digits=2,
        name="kid",
        theme="realism",
        section="Quality",
        panel="KID (images)",
        data="images",
        rows=[Row("realism", "KID", {"generated": f"{_REALISM}/kid", "real": f"{_FLOOR}/kid"}, "{:.4f}", missing="")],
    ),
    Metric(f"by_strength/*/{_REALISM}/fid", "FID, under guidance", "lower", data="images"),
)
