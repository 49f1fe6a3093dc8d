"""The conditional GAN and its training."""

__all__ = [
    "adversarial",
    "energy_score",
    "interface",
    "inversion",
    "mlp",
    "module",
    "penalties",
    "recipe",
    "stylegan2",
    "training",
]
