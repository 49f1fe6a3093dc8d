"""What the classifier's uncertainty looks like: score sweeps, image attributes, galleries."""
