"""Shown: payloads that reached the monitor, decoded anew, for the measures of whether they can be believed."""
