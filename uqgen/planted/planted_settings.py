"""The settings of the benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass

from uqgen.planted.weaknesses import WEAKNESSES
from uqgen.settings import require, require_choice, require_integer, require_list

FEWEST = 100  # images to learn from, and to find slices on: of fewer, neither says anything


@dataclass(frozen=True)
class PlantedSettings:
    """Which classifiers are made weak, and how they are explained.

    Attributes:
        kinds: of weakness; "sound" for classifiers with none.
        seeds: each kind is planted once with each; the class that is hit follows from it, too.
        n_sound: seeds of sound classifiers, beginning with 0.
        n_train: training images of a classifier; those left over serve to find slices.
        n_find: real images that slices are found on, at most.
        epochs: of a classifier's training.
        n_generated: images of each class.
        n_slices: most slices of each method.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> PlantedSettings(kinds=["rare"], seeds=[0, 1], n_sound=1).jobs
        [('rare', 0), ('rare', 1), ('sound', 0)]
    """

    kinds: Sequence[str] = tuple(kind for kind in WEAKNESSES if kind != "sound")
    seeds: Sequence[int] = (0, 1, 2)
    n_sound: int = 10
    n_train: int = 10_000
    n_find: int = 10_000
    epochs: int = 3
    n_generated: int = 40
    n_slices: int = 10

    def __post_init__(self) -> None:
        require_list("kinds", self.kinds, "of weaknesses, as [slanted,spot]")
        require_list("seeds", self.seeds, "of seeds, as [0,1]")
        for kind in self.kinds:
            require_choice("kinds", kind, WEAKNESSES)
        for seed in self.seeds:
            require_integer("seeds", seed, 0)
        require(len(set(self.seeds)) == len(self.seeds), "seeds", list(self.seeds), "seeds that differ")
        require_integer("n_sound", self.n_sound, 0)
        require(len(self.jobs) > 0, "n_sound", self.n_sound, "1 or more where no kind is planted")
        for name in ("epochs", "n_generated", "n_slices"):
            require_integer(name, getattr(self, name), 1)
        for name in ("n_train", "n_find"):
            require_integer(name, getattr(self, name), FEWEST)

    @property
    def jobs(self) -> list[tuple[str, int]]:
        """Kind and seed of every classifier: one seed of every kind, then the next seed."""
        planted = [(kind, seed) for seed in self.seeds for kind in self.kinds if kind != "sound"]
        return [*planted, *(("sound", seed) for seed in range(self.n_sound))]
