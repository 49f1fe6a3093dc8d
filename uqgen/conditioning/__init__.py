"""The condition, its encodings, and how conditions are drawn."""
