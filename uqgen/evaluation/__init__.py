"""In against out, fidelity, judges."""
