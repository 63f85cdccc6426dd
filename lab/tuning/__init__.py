"""Tuning: where a monitor stops noticing. Searches over what a scenario leaves to choose."""
