"""Generative models under a condition, of several families, and their training."""

__all__ = ["callbacks", "ema", "embedding", "fit", "flow", "gan", "inversion", "latent", "model", "recipe", "training"]
