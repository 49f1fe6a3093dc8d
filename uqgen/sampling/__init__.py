"""Help at sampling time: what a trained model achieves nearer to what is requested, for more images drawn.

It works with any model as it is, of which it draws more images or requests another score; it calls models, which
themselves call `uqgen.guidance`.
"""

__all__ = ["best_of", "recalibration"]
