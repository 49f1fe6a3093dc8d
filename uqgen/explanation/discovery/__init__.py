"""Attributes without a name beforehand: what a trained model can change that changes the target's score."""

__all__ = ["discovered", "discovery", "naming", "sufficiency"]
