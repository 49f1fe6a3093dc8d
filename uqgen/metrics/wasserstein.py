"""Sliced Wasserstein distance: Bonneel et al. (2015), "Sliced and Radon Wasserstein barycenters of measures"."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from uqgen.metrics.metric import Metric, Row, Sides, distance, register
from uqgen.settings import require_integer, require_seed

CHUNK = 50  # projections held at once


@torch.inference_mode()
def sliced_wasserstein(a: Tensor, b: Tensor, n_projections: int = 500, seed: int = 0) -> float:
    """Mean over random directions of the order-1 Wasserstein distance between the projections of two sets of points.

    Args:
        a: float [N, D].
        b: float [M, D], on the device of a; N and M may differ.
        n_projections: number of directions, uniform on the sphere.
        seed: draws the directions.

    Returns:
        At least 0, in the unit of the points; 0 if and only if both sets weigh every point alike (but for rounding).

    Raises:
        ValueError: a set is empty, or the points of a and b differ in dimension.
        SettingError: n_projections or seed is out of range.
    """
    require_integer("n_projections", n_projections, 1)
    require_seed("seed", seed)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or len(a) == 0 or len(b) == 0:
        raise ValueError(f"two sets of points must be [N, D] and [M, D], not {list(a.shape)} and {list(b.shape)}")
    drawn = torch.randn(n_projections, a.shape[1], generator=torch.Generator().manual_seed(seed))
    directions = normalize(drawn, dim=1).to(a)
    distances = [_wasserstein(directions @ a.T, directions @ b.T) for directions in directions.split(CHUNK)]
    return float(torch.cat(distances).mean())


def _wasserstein(a: Tensor, b: Tensor) -> Tensor:
    """Order-1 Wasserstein distance of points on a line, float [P, N] and [P, M] to [P].

    The area between both quantile functions, exactly: they are steps whose ends are multiples of 1/N and of 1/M.
    """
    n, m = a.shape[1], b.shape[1]
    # In units of 1 / (N M) every step ends at an integer, so no rounding decides which step comes first.
    ends = torch.cat([m * torch.arange(1, n + 1), n * torch.arange(1, m + 1)]).unique().to(a.device)
    widths = ends.diff(prepend=ends.new_zeros(1)).to(a) / (n * m)
    gaps = a.sort(dim=1).values[:, (ends - 1) // m] - b.sort(dim=1).values[:, (ends - 1) // n]
    return gaps.abs() @ widths


@distance("sliced_wasserstein")
def sliced_wasserstein_of(sides: Sides) -> float | None:
    """The distance of points; None for images."""
    if sides.is_image:
        return None
    return sliced_wasserstein(sides.ours.features, sides.train.features, seed=sides.seed)


_KEY = "realism/sliced_wasserstein"
_TITLE = "sliced Wasserstein"
register(
    Metric(
        _KEY,
        _TITLE,
        "lower",
        digits=4,
        name="sliced_wasserstein",
        theme="realism",
        main=True,
        relative=True,
        sentence="sliced Wasserstein distance",
        floor=f"{_KEY}_floor",
        section="Quality",
        panel="Sliced Wasserstein distance (points)",
        data="points",
        rows=[Row("realism", _TITLE, {"generated": _KEY, "real": f"{_KEY}_floor"}, "{:.4f}", missing="")],
    ),
)
