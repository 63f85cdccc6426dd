"""Faults of the market itself: what all venues see, because it is so."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.scalars import Real, Share

_PRICE = Share(0.0, 0.99)

MARKET_FAULTS = (
    FaultSpec(
        name="price_shock",
        acts_in="market",
        doc="the dollar price of assets moves, at once or along a ramp, together; `ramp_down` is the recovery",
        params_at="simulators.market_data.world.harm:PriceShockParams",
        maker_at="lab.harm.market:price_shock",
        scope=("assets", "venue"),
        intensity=_PRICE,
        intensity_doc="change of the price at full strength",
        example="{fault: price_shock, at: 1h, for: 3h, ramp: 20 min, scope: {assets: [BTC, ETH]}, intensity: 15 %}",
    ),
    FaultSpec(
        name="stablecoin_depeg",
        acts_in="market",
        doc="a stablecoin parts from the dollar, and with it every pair that is quoted in it",
        params_at="simulators.market_data.world.harm:StablecoinDepegParams",
        maker_at="lab.harm.market:stablecoin_depeg",
        scope=("asset", "venue"),
        intensity=_PRICE,
        intensity_doc="distance from one dollar at full strength",
        example="{fault: stablecoin_depeg, at: 1h, ramp: 35h, scope: {asset: USDT}, intensity: 500 bp}",
    ),
    FaultSpec(
        name="price_divergence",
        acts_in="market",
        doc="one venue, one pair, or one pair at one venue is priced apart from the rest",
        params_at="simulators.market_data.world.harm:PriceDivergenceParams",
        maker_at="lab.harm.market:price_divergence",
        scope=("venue", "pair"),
        intensity=_PRICE,
        intensity_doc="distance from the common price at full strength",
        example="{fault: price_divergence, at: 1h, for: 1h, scope: {venue: boreal}, intensity: 80 bp}",
    ),
    FaultSpec(
        name="volatility_burst",
        acts_in="market",
        doc="assets move as they would have, but further; `ramp_down` leads the price back to where it would have been",
        params_at="simulators.market_data.world.harm:VolatilityBurstParams",
        maker_at="lab.harm.market:volatility_burst",
        scope=("assets",),
        intensity=Real(1.0, 100.0),
        intensity_doc="how many times as far",
        example="{fault: volatility_burst, at: 1h, for: 1h, ramp_down: 10 min, scope: {assets: [BTC]}, intensity: 5}",
    ),
    FaultSpec(
        name="correlation_break",
        acts_in="market",
        doc="assets part from what they move with, as lively as before: at 50 % independent, at 100 % the opposite",
        params_at="simulators.market_data.world.harm:CorrelationBreakParams",
        maker_at="lab.harm.market:correlation_break",
        scope=("assets",),
        intensity=Share(0.0, 1.0),
        intensity_doc="how far towards the opposite",
        example="{fault: correlation_break, at: 2h, for: 2h, scope: {assets: [ETH]}, intensity: 100 %}",
    ),
)
