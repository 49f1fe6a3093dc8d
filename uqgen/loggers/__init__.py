"""Lightning loggers of ours: where the curves, pictures and evaluations of a run can be watched."""

__all__ = ["history", "run_logger", "tensorboard", "wandb", "workspace"]
