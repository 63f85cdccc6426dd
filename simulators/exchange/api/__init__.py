"""The production API of an exchange, in the dialect of Binance spot."""

from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.service_time import OPERATIONS, LogNormal
from simulators.exchange.api.venue import ExchangeApi

__all__ = ["OPERATIONS", "ApiKey", "ExchangeApi", "LogNormal"]
