"""The settings of an explanation."""

from dataclasses import dataclass

from uqgen.settings import require_integer, require_seed


@dataclass(frozen=True)
class ExplanationSettings:
    """What is generated, and how it is measured.

    Attributes:
        n_scores: scores of a sweep, from the certain end of the reachable range to the uncertain one.
        n_noises: noises of each class whose sweeps are measured; the first is drawn.
        n_bins: bins of the range over which scores are spread evenly.
        n_resamples: resamples of the bootstrap.
        n_galleries: scores of galleries and second choices, evenly down to the uncertain end.
        n_candidates: images made for each class and score of a gallery.
        n_shown: of them, those that are shown; of a slice, the most images that are shown and kept, real and generated.
        n_discovered: attributes that are discovered, at most; 0 for none.
        n_examined: images in which they are looked for, and others in which they are measured.
        n_slices: most slices that are found.
        n_slice_images: most real images, of other splits than the evaluated one, that slices are found on.
        seed: draws noise and resamples.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> ExplanationSettings(n_noises=5, n_discovered=0).n_scores
        11
    """

    n_scores: int = 11
    n_noises: int = 40
    n_bins: int = 10
    n_resamples: int = 1_000
    n_galleries: int = 4
    n_candidates: int = 64
    n_shown: int = 8
    n_discovered: int = 6
    n_examined: int = 80
    n_slices: int = 10
    n_slice_images: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in {"n_scores": 2, "n_noises": 5, "n_candidates": 2}.items():
            require_integer(name, getattr(self, name), least)
        for name in ("n_bins", "n_resamples", "n_galleries", "n_shown", "n_slices", "n_slice_images"):
            require_integer(name, getattr(self, name), 1)
        require_integer("n_discovered", self.n_discovered, 0)
        require_integer("n_examined", self.n_examined, 2)
        require_seed("seed", self.seed)
