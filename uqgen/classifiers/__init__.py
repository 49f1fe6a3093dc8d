"""The classifier being explained, and the judges: networks, training, freezing, reuse."""
