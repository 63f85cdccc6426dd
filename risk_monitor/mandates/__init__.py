"""Mandates: the rules the firm must keep, one file each. The measures are defined in ``docs/reference/mandates.md``."""
