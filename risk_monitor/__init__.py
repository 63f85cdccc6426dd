"""Risk monitor: watches a trading firm's accounts, custody and prices, and says when a mandate is breached.

The monitor is a state machine without input or output of its own (see ``risk_monitor.machine``). Whoever runs it
performs the effects it asks for and feeds back what happened.
"""

__version__ = "0.1.0"
