"""Generative models under a condition, of several families."""

__all__ = ["ema", "embedding", "flow", "gan", "inversion", "latent", "layers", "model", "recipe", "training"]
