"""In vs. out, fidelity, judges."""
