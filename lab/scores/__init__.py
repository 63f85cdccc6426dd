"""Scores: one figure for a suite, for those who want one, beside the raw figures; see docs/explanation/scores.md."""
