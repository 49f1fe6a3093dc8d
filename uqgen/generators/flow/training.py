"""The settings of a flow's training."""

from dataclasses import dataclass

from uqgen.generators.training import Training
from uqgen.settings import require_number


@dataclass(frozen=True)
class FlowTraining(Training):
    """How a conditional flow is trained; for what every model has, see `Training`.

    Attributes:
        weight_decay: of AdamW.
        time_mean, time_deviation: of the logit of the times that are drawn (Esser et al., 2024, section 3.1).
        drop: share of the images whose condition is withheld (Ho and Salimans, 2021, section 3.2).

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> FlowTraining(n_images=400_000, drop=0.2).batch_size
        32
    """

    weight_decay: float = 0.01
    time_mean: float = 0.0
    time_deviation: float = 1.0
    drop: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number("weight_decay", self.weight_decay, 0)
        require_number("time_mean", self.time_mean, -10, 10)
        require_number("time_deviation", self.time_deviation, 1e-3)
        require_number("drop", self.drop, 0, 1)
