"""The production API of an exchange, in the dialect of Binance spot."""
