"""Help at sampling time: what a trained generator achieves nearer to what is requested, for more images drawn."""

__all__ = ["best_of", "recalibration"]
