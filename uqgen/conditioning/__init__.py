"""The condition, its encodings, and how conditions are drawn."""

__all__ = [
    "apart",
    "balanced",
    "condition",
    "encoding",
    "fourier",
    "label",
    "log_odds",
    "logit",
    "paper",
    "rank",
    "sampling",
    "second_score",
    "softmax",
    "unconditional",
]
