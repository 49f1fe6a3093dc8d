"""Two moons: Le Coz et al. (2023), section 3.1."""

import torch
from sklearn.datasets import make_moons

from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.labelled import LabelledData
from uqgen.settings import require_integer, require_number


class MoonsDataModule(InMemoryDataModule):
    """scikit-learn's two moons; train, validation and test are drawn with different seeds.

    Args:
        n_train, n_validation, n_test: number of points of each split.
        noise: standard deviation of the Gaussian noise added to each coordinate.
        limit: at most so many points in each split, for quick trials; None for all.
        batch_size: points in a batch when the classifier is trained.
        seed: the splits are drawn with 3 seed, 3 seed + 1 and 3 seed + 2, so that no two seeds share a split.

    Raises:
        SettingError: a size, the noise or the seed is out of range.

    Examples:
        >>> moons = MoonsDataModule(n_train=100)
        >>> moons.setup()
        >>> moons.train[:3].x.shape
        torch.Size([3, 2])
    """

    n_classes = 2
    class_names = ["upper", "lower"]
    shape = (2,)

    def __init__(
        self,
        n_train: int = 10_000,
        n_validation: int = 2_000,
        n_test: int = 10_000,
        noise: float = 0.3,
        limit: int | None = None,
        batch_size: int = 256,
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size, limit, seed)
        for name, size in {"n_train": n_train, "n_validation": n_validation, "n_test": n_test}.items():
            require_integer(name, size, 2)
        require_number("noise", noise, 0)
        self.sizes, self.noise = (n_train, n_validation, n_test), noise

    def setup(self, stage: str = "fit") -> None:
        """Draws the three splits."""
        if not hasattr(self, "train"):
            self.train, self.validation, self.test = (
                draw_moons(size, self.noise, 3 * self.seed + offset).subset(slice(self.limit))
                for offset, size in enumerate(self.sizes)
            )


def draw_moons(n: int, noise: float, seed: int) -> LabelledData:
    """Draws n points: x float32 [n, 2], label int64 [n] in {0, 1}, nothing corrupted."""
    x, label = make_moons(n, noise=noise, random_state=seed)
    clean = torch.zeros(n, dtype=torch.int64)
    return LabelledData(torch.from_numpy(x).float(), torch.from_numpy(label).long(), clean, clean)
