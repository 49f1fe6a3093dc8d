"""Lightning loggers of ours: where the curves, pictures and evaluations of a run can be watched."""
