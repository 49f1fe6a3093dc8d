"""In vs. out as a torchmetrics metric, for validation steps."""

from torchmetrics import MeanAbsoluteError, MetricCollection, PearsonCorrCoef


class AgreementMetric(MetricCollection):
    """Pearson correlation and mean absolute error of achieved and requested scores, over batches and devices.

    Examples:
        >>> import torch
        >>> metric = AgreementMetric()
        >>> metric.update(torch.tensor([0.5, 0.9]), torch.tensor([0.6, 1.0]))
        >>> {name: round(value.item(), 3) for name, value in metric.compute().items()}
        {'mae': 0.1, 'pearson': 1.0}
    """

    def __init__(self) -> None:
        super().__init__({"pearson": PearsonCorrCoef(), "mae": MeanAbsoluteError()})
