"""Guidance at sampling: what guides a trained model to the requested score, without training it anew.

Models call it while they generate an image. What draws from models that are left as they are is in `uqgen.sampling`,
what takes part in their training in `uqgen.enforcement`.
"""

__all__ = ["guidance", "guidance_settings"]
