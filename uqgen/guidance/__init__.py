"""Guidance at sampling: what leads a trained model to the score requested, without training it anew."""

__all__ = ["guidance", "guidance_settings"]
