"""Attributes that nobody named: what a trained model can change that moves the target's score."""

__all__ = ["discovered", "discovery", "naming", "sufficiency"]
