"""Truth: what was really so, recomputed from the journal with our own arithmetic.

Books and market come from the audit plane; what reached the monitor, from the wire.
"""
