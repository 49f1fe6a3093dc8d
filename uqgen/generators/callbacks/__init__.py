"""What happens as a model trains: each callback acts every so many images."""

__all__ = ["checkpoint", "evaluation", "every", "guard", "progress", "samples", "speed"]
