"""Connectors: payload bytes of one venue dialect become typed domain events, and requests of that dialect are written."""
