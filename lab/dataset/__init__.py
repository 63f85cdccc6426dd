"""Data set: what monitors saw and said in many runs, with the truth beside it, for people who build detectors."""
