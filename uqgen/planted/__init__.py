"""The proof of an explanation: classifiers with a weakness that is known by construction, and who finds it."""

__all__ = ["bench", "planted_settings", "table", "weaknesses"]
