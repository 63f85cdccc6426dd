"""Connectors: a venue's payload bytes become typed domain events, and requests are written in its dialect."""
