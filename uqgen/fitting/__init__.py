"""A model's training, from its beginning or its last checkpoint, and what happens every so many images of it."""

__all__ = ["checkpoint", "evaluation", "every", "fit", "guard", "progress", "samples", "speed"]
