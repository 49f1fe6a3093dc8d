"""The classifier being explained, and the judges: networks, training, freezing, reuse."""

__all__ = [
    "calibration",
    "cnn",
    "dropout",
    "efficientnet_lite0",
    "ensemble",
    "frozen",
    "mlp",
    "module",
    "own",
    "predictions",
    "recipe",
    "state_dict",
]
