"""The firm's books as the monitor sees them: balances, custody, prices, equity, cost."""
