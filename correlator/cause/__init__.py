"""Cause: which injection brought about which breach, alert and control action, established by removing it.

An *arm* is the same world with some injections left out; what is there in the run and gone in an arm was caused by
what the arm leaves out. Nearness in time establishes nothing here.
"""
