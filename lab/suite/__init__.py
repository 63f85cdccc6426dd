"""Suites: many cases, each under many seeds, and what they prove together about the monitor."""
