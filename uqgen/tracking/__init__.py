"""Where a run's curves, pictures and evaluations can be watched."""
