"""Conditional flow matching and its training."""
