"""Memory: what came of every play, kept on the disk under a key of all it hangs on, so that nothing is played twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from correlator.verdict import Verdict
from lab.journal.header import code_hash, versions
from lab.playing.run_directory import write_whole
from lab.scenario.model import Experiment, Market
from simulators.market_data.world.config import series_of


class Played(msgspec.Struct, frozen=True):
    """One case as it came out. ``crashed``: it did not come to its end. ``is_unjudged``: for lack of a judge, of an arm
    to compare with, of disk or memory; that says nothing of the monitor and is not remembered."""

    verdict: Verdict
    reason: str
    crashed: bool
    is_unjudged: bool = False


class Memory:
    """Of the campaigns in one directory. ``package``: the source of the monitor that is mutated.

    ``code`` is the digest of what is the same for every play: the code of laboratory and monitor, and the versions of
    the libraries whose arithmetic the journals depend on.
    """

    def __init__(self, out: Path, package: Mapping[str, bytes]) -> None:
        self._out = out
        digest = hashlib.blake2b(code_hash().encode(), digest_size=16)
        digest.update(msgspec.json.encode(versions(), order="deterministic"))
        for file, source in package.items():
            digest.update(f"{file}\0{len(source)}\0".encode() + source)
        self.code = digest.hexdigest()
        self._markets: dict[tuple[str, str], bytes] = {}

    def key(self, experiment: Experiment, mutant: str) -> str:
        """Equal for the same case, in a market of the same data, played by the same code with the same mutant."""
        digest = hashlib.blake2b(self.code.encode(), digest_size=16)
        digest.update(msgspec.json.encode(experiment, order="deterministic"))
        for file in dict.fromkeys(one.file for one in series_of(experiment.market.config) if one.file):
            digest.update(self._digest_of(experiment.market, file))
        digest.update(mutant.encode())
        return digest.hexdigest()

    def recall(self, key: str) -> Played | None:
        """What came of it, or None."""
        try:
            return msgspec.json.decode(self._file(key).read_bytes(), type=Played)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def remember(self, key: str, played: Played) -> None:
        """Keep it, unless it says nothing of the monitor. Raises RunDirectoryError."""
        if played.is_unjudged:
            return
        path = self._file(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.encode(played))

    def _digest_of(self, market: Market, file: str) -> bytes:
        where = (market.directory, file)
        if where not in self._markets:
            content = (Path(market.directory) / file).read_bytes()
            self._markets[where] = hashlib.blake2b(content, digest_size=16).digest()
        return self._markets[where]

    def _file(self, key: str) -> Path:
        return self._out / "played" / key[:2] / f"{key}.json"
