"""Conditional flow matching and its training."""

__all__ = ["inversion", "mlp", "module", "recipe", "sampling", "training", "unet", "velocity"]
