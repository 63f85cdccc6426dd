"""Judging: what the correlator is given to read, and what is written of a run when it has judged it."""
