"""What makes the generator keep to the condition, beyond the adversarial loss."""

__all__ = ["auxiliary", "consistency", "enforcement", "mismatched"]
