"""Weekly loss: what the firm has lost since Monday, 00:00 UTC, in USD; a gain is a negative loss."""

from __future__ import annotations

from correlator.truth.measures.daily_loss import DAY_NS, DailyLoss


class WeeklyLoss(DailyLoss):
    """As the daily loss, from the last Monday 00:00 UTC, or from the start if that was later."""

    mandate = "weekly_loss"
    period_ns = 7 * DAY_NS
    first_ns = 4 * DAY_NS  # 1970-01-05 was a Monday
