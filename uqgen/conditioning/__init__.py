"""The condition, its encodings, and how conditions are drawn."""

__all__ = [
    "apart",
    "balanced",
    "condition",
    "drawn_conditions",
    "encoding",
    "fourier",
    "image_clusters",
    "kinds",
    "label",
    "log_odds",
    "logit",
    "paper",
    "rank",
    "scored",
    "scored_datamodule",
    "second_score",
    "softmax",
    "unconditional",
]
