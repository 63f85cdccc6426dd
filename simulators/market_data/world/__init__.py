"""The world's prices: a reference price for every pair at every venue at every moment, and the harm laid over it.

Nothing is imported here on purpose: ``config`` and ``recipes`` can be read without numpy, so that checking a
scenario stays quick.
"""
