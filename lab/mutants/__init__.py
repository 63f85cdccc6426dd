"""Mutants: monitors with one fault each, built to see whether the suite notices."""
