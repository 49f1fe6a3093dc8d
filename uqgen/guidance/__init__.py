"""Guidance at sampling: what guides a trained model to the requested score, without training it anew."""

__all__ = ["guidance", "guidance_settings"]
