"""Scores: one figure for a suite, for those who want one. The raw figures come first; see docs/explanation/scores.md."""
