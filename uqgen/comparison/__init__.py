"""The variants of a sweep, side by side."""

__all__ = ["choice", "document", "jobs", "tables", "variants"]
