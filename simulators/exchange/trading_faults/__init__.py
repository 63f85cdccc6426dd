"""Faults of an exchange's trading: of its orders, its street, its reports of fills, its account views and its doors.

Each fault is constructed once per injection, begins and ends once, and reports its first production-visible difference
by calling ``took_effect`` with a sentence about it. The ledger stays true: what lies is what is shown.
"""
