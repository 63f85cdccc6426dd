"""Faults of a custodian, one file per place where they act."""
