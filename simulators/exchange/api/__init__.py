"""The production API of an exchange, in the dialect of Binance spot."""

from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.service_time import OPERATIONS
from simulators.exchange.api.venue import ExchangeApi
from simulators.service_time import LogNormal

__all__ = ["OPERATIONS", "ApiKey", "ExchangeApi", "LogNormal"]
