"""Perpetual futures: what an exchange adds to its books when it trades contracts on margin."""
