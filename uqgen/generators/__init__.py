"""Generative models under a condition, of several families, and their training."""
