"""Adversarial losses and penalties: pure functions."""
