"""The settings of what is done to given images."""

from dataclasses import dataclass

from uqgen.settings import require_integer, require_number, require_seed


@dataclass(frozen=True)
class EditingSettings:
    """How given images are found in a trained model, edited, and turned into one another.

    Attributes:
        n_scores: scores requested, evenly over the reachable range.
        tolerance: by which a score may be missed.
        n_inversion_steps: steps of a GAN's search for an image's latent, or of a flow's integration; None for as many
            as either needs.
        n_editing_steps: steps of guidance of an edit, at most: until its score is reached, and until it holds.
        n_baseline_steps: steps of the baselines that edit pixels and search latents, at most.
        n_between: images on the way from one to another, both ends counted.
        n_resamples: resamples of the bootstrap.
        seed: draws images, starts and resamples.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> EditingSettings(n_scores=3, tolerance=0.02).n_between
        41
    """

    n_scores: int = 5
    tolerance: float = 0.05
    n_inversion_steps: int | None = None
    n_editing_steps: int = 24
    n_baseline_steps: int = 100
    n_between: int = 41
    n_resamples: int = 1_000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_scores", "n_between"):
            require_integer(name, getattr(self, name), 2)
        require_number("tolerance", self.tolerance, 0)
        if self.n_inversion_steps is not None:
            require_integer("n_inversion_steps", self.n_inversion_steps, 1)
        for name in ("n_editing_steps", "n_baseline_steps", "n_resamples"):
            require_integer(name, getattr(self, name), 1)
        require_seed("seed", self.seed)
