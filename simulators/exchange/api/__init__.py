"""The production API of an exchange, in the dialect of Binance spot."""

from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.operations import OPERATIONS
from simulators.log_normal import LogNormal

__all__ = ["OPERATIONS", "ApiKey", "ExchangeApi", "LogNormal"]
