"""The production API of an exchange that trades perpetuals: the dialect of Binance USDⓈ-M futures."""
