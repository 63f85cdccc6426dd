"""Asked: a request of the monitor that has not ended yet."""

from __future__ import annotations

import msgspec


class Asked(msgspec.Struct, frozen=True, gc=False):
    """When it left, by which record, what for, and whose account opens to its key (empty: nobody's)."""

    at_ns: int
    seq: int
    target: str
    is_account_data: bool
    account: str
