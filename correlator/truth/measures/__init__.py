"""Measures: what each mandate bounds, one file per mandate, defined as ``docs/reference/mandates.md`` does."""
