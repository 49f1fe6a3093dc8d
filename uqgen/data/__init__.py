"""Data sets in memory and their Lightning data modules."""
