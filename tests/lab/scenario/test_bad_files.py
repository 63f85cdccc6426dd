"""Files that are no YAML of ours are refused at once, whatever they are."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from lab.scenario.any_file import check_file
from lab.scenario.errors import ScenarioError
from lab.scenario.firm_file import FirmFile
from lab.scenario.resolve import SHIPPED, load_scenario
from lab.scenario.sources import load_document
from lab.scenario.yaml_nodes import load_yaml, parse_yaml


def refusal(path: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return caught.value.lines()


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_file_of_100_mb_is_refused_before_it_is_read() -> None:
    with open("huge.yaml", "wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    told = refusal("huge.yaml")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told == ["huge.yaml: the file has 100,000,000 bytes; expected at most 1,000,000 bytes"]
    assert peak_bytes < 10_000_000


def test_a_missing_file_a_directory_and_what_is_no_file_are_refused() -> None:
    os.mkdir("folder.yaml")
    assert refusal("none.yaml") == [
        "none.yaml: cannot be read: No such file or directory; expected a readable YAML file"
    ]
    assert refusal("fodler.yaml") == [
        "fodler.yaml: cannot be read: No such file or directory; expected a readable YAML file; "
        "did you mean folder.yaml?"
    ]
    assert refusal("folder.yaml") == ["folder.yaml: this is a directory; expected a YAML file"]
    assert refusal("/dev/zero") == ["/dev/zero: this is no ordinary file; expected a YAML file"]
    os.mkfifo("pipe.yaml")
    assert refusal("pipe.yaml") == ["pipe.yaml: this is no ordinary file; expected a YAML file"]


def test_a_control_character_is_named_with_its_place() -> None:
    Path("binary.yaml").write_bytes(b"schema: x\nseed: 4\0002\n")
    message = "not YAML: the character U+0000; expected text without control characters"
    assert refusal("binary.yaml") == [f"binary.yaml:2:8: {message}"]


def test_a_file_of_another_kind_is_told_once_and_not_key_by_key() -> None:
    firm = str(SHIPPED / "firms" / "meridian.yaml")
    assert refusal(firm) == [f"{firm}:1:9: schema: this is a firm file; expected a file with riskproof-scenario/1"]
    good = (SHIPPED / "quiet_day.yaml").read_text()
    for wrong, schema in (("firm", "riskproof-firm/1"), ("limits", "riskproof-limits/1")):
        Path("quiet_day.yaml").write_text(good.replace(f"{wrong}: meridian", f"{wrong}: ./quiet_day.yaml"))
        assert refusal("quiet_day.yaml") == [
            f"quiet_day.yaml:1:9: schema: this is a scenario file; expected a file with {schema}"
        ]
    Path("quiet_day.yaml").write_text(good.replace("source: calm_2023_02_kucoin_1m", f"source: {firm}"))
    assert refusal("quiet_day.yaml") == [
        f"{firm}:1:9: schema: this is a firm file; expected a file with riskproof-market/1"
    ]


def test_a_merge_key_is_told_what_to_write_instead() -> None:
    Path("merged.yaml").write_text("a: &a {seed: 1}\n<<: *a\n")
    message = "<<: merge keys have no meaning here; expected an alias (*name), or `extends`"
    assert refusal("merged.yaml") == [f"merged.yaml:2:1: {message}"]


def test_a_key_of_three_thousand_letters_does_not_bury_the_message() -> None:
    good = (SHIPPED / "quiet_day.yaml").read_text()
    Path("quiet_day.yaml").write_text(f"{good}? {'x' * 3_000}\n: 1\n")
    assert refusal("quiet_day.yaml")[0].startswith(f"quiet_day.yaml:15:3: {'x' * 119}…: unknown key; expected ")


def test_a_name_too_long_for_the_disk_is_no_file() -> None:
    name = "x" * 300 + ".yaml"
    Path("quiet_day.yaml").write_text(f"extends: {name}\n")
    message = f"extends: `{name}` is no file; expected a path relative to this file"
    assert refusal("quiet_day.yaml") == [f"quiet_day.yaml:1:10: {message}"]


def test_a_market_whose_bars_are_not_there_is_told_with_its_line_and_the_nearest_file() -> None:
    os.makedirs("markets/data")
    Path("markets/data/BTCUSDT-1m-2023-08-17.csv").write_text("")
    Path("markets/own.yaml").write_text(
        "schema: riskproof-market/1\nmarket: own\nat_par: [USDT]\nseries:\n"
        "  - {pair: BTC/USDT, file: data/BTCUSDT-1m-2023-08-71.csv}\n"
        "  - {pair: ETH/USDT, file: data/ETHUSDT.json}\n"
    )
    with pytest.raises(ScenarioError) as caught:
        check_file("markets/own.yaml")
    assert caught.value.lines() == [
        "markets/own.yaml:5:28: series[0].file: `data/BTCUSDT-1m-2023-08-71.csv` is no file; "
        "expected a path from markets; did you mean data/BTCUSDT-1m-2023-08-17.csv?",
        "markets/own.yaml:6:28: series[1].file: `data/ETHUSDT.json` is of no kind that is read; "
        "expected .csv, .zip or .parquet",
    ]


def test_bytes_that_are_no_utf_8_are_named_with_their_place() -> None:
    Path("latin.yaml").write_bytes(b"schema: x\ndescription: Z\xfcrich\n")
    assert refusal("latin.yaml") == ["latin.yaml:2:15: byte 0xfc is not UTF-8; expected UTF-8 text"]


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for name, before in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{name}: &{name} [" + ", ".join([f"*{before}"] * 9) + "]")
    with pytest.raises(ScenarioError) as caught:
        parse_yaml("\n".join(lines), "bomb.yaml")
    message = "bomb.yaml:5:28: holds too many values, aliases followed; expected at most 50,000 values"
    assert caught.value.lines() == [message]


def test_a_bomb_of_variables_is_refused_before_it_goes_off() -> None:
    good = (SHIPPED / "quiet_day.yaml").read_text()
    bomb = f"variables: {{v: '{'x' * 50_000}'}}\ndescription: " + "${v}" * 100
    Path("quiet_day.yaml").write_text(good.replace("description: ", f"{bomb} #", 1))
    assert refusal("quiet_day.yaml") == [
        "quiet_day.yaml:4:14: description: variables expand to too much; expected at most 1,000,000 bytes"
    ]


def test_a_nest_that_would_overflow_the_stack_is_refused() -> None:
    with pytest.raises(ScenarioError, match="nested too deeply; expected at most 40 levels"):
        parse_yaml("[" * 400_000 + "]" * 400_000, "nest.yaml")


def test_what_a_file_holds_cannot_break_the_line_or_reach_the_terminal() -> None:
    Path("odd.yaml").write_text('schema: "\\e[31m\\nred"\n')
    lines = refusal("odd.yaml")
    assert "\x1b" not in "".join(lines)
    assert lines[0].startswith("odd.yaml:1:9: schema: `�[31m�red` is unknown; expected riskproof-scenario/1")


def test_scalars_stay_as_they_were_written() -> None:
    root = parse_yaml("a: on\nb: 1:30\nc: 0x10\nd: 1e3\n", "plain.yaml")
    assert [value.text for value in root.entries.values()] == ["on", "1:30", "0x10", "1e3"]  # type: ignore[union-attr]


def test_a_limits_file_with_a_negative_limit_is_told_in_the_same_words() -> None:
    os.mkdir("limits")
    text = (SHIPPED / "limits" / "meridian.yaml").read_text()
    Path("limits/meridian.yaml").write_text(text.replace("warning: 120 BTC", "warning: -120 BTC"))
    Path("quiet_day.yaml").write_text((SHIPPED / "quiet_day.yaml").read_text())
    line = text[: text.index("warning: 120 BTC")].count("\n") + 1
    assert refusal("quiet_day.yaml") == [
        f"limits/meridian.yaml:{line}:20: limits.position_limit.BTC.warning: "
        "'-120 BTC' is negative or not a finite number; expected an amount of the asset, such as 120 BTC"
    ]


def test_a_market_without_the_asset_is_told_where_the_scenario_names_it() -> None:
    os.mkdir("markets")
    Path("markets/own.csv").write_text("")
    Path("markets/own.yaml").write_text(
        "schema: riskproof-market/1\nmarket: own\nseries: [{pair: BTC/USDT, file: own.csv}]\nat_par: [USDT]\n"
    )
    good = (SHIPPED / "quiet_day.yaml").read_text()
    Path("quiet_day.yaml").write_text(
        good.replace("{source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}", "{source: own}")
    )
    problems = refusal("quiet_day.yaml")
    assert problems == [
        "quiet_day.yaml:8:18: market.source: own cannot price ETH/USD, ETH/USDT or ETH/BTC, which apex lists: "
        "it has no ETH; expected a market with BTC/USD, ETH/USD, BTC/USDT, ETH/USDT, ETH/BTC or USDT/USD",
        "quiet_day.yaml:8:18: market.source: own cannot price ETH/USD, which boreal lists: "
        "it has no ETH; expected a market with BTC/USD, ETH/USD, BTC/USDT or USDT/USD",
    ]


def test_a_mistake_in_a_file_that_is_extended_is_told_in_that_file() -> None:
    os.mkdir("base")
    Path("base/day.yaml").write_text((SHIPPED / "quiet_day.yaml").read_text().replace("24h", "24"))
    Path("quiet_day.yaml").write_text("extends: base/day.yaml\nseed: 7\n")
    assert refusal("quiet_day.yaml") == [
        "base/day.yaml:6:11: duration: `24` has no unit; "
        "expected a duration above zero with a unit, such as 90s, 5 min or 1h30min; did you mean 24s?"
    ]


def test_a_circle_of_extensions_is_refused() -> None:
    Path("one.yaml").write_text("extends: two.yaml\n")
    Path("two.yaml").write_text("extends: one.yaml\n")
    assert refusal("one.yaml") == [
        "two.yaml:1:10: extends: `one.yaml` extends this file in turn; expected no circle of files"
    ]


def test_a_firm_whose_parts_disagree_is_told_all_of_it() -> None:
    text = (SHIPPED / "firms" / "meridian.yaml").read_text()
    wrong = (
        text.replace("venues: [apex, boreal]", "venues: [apex, borel]")
        .replace("pairs: [USDT/USD]", "pairs: [USDT/EUR]")
        .replace("momentum: {role: sub_account", "momentum: {role: master")
        .replace("lot_size: 0.001\n", "lot_size: 0.0001\n")
    )
    Path("meridian.yaml").write_text(wrong)
    with pytest.raises(ScenarioError) as caught:
        FirmFile().read(load_document(Path("meridian.yaml"), "meridian.yaml"), "")
    assert caught.value.lines() == [
        "meridian.yaml:21:9: exchanges.apex.lists.ETH/BTC: tick_size 0.00001 × lot_size 0.0001 is not a whole number "
        "of 10^-8 BTC; make one of them coarser"
    ]
    Path("meridian.yaml").write_text(
        wrong.replace("lot_size: 0.0001\n        min_notional: 0.0001", "lot_size: 0.001\n        min_notional: 0.0001")
    )
    with pytest.raises(ScenarioError) as caught:
        FirmFile().read(load_document(Path("meridian.yaml"), "meridian.yaml"), "")
    assert [line.split(": ", 1)[1] for line in caught.value.lines()] == [
        "accounts.apex: has 2 master accounts; expected one master account at each exchange",
        "strategies.cross_arb.venues[1]: `borel` is no exchange; expected apex or boreal; did you mean boreal?",
        "strategies.peg_maker.pairs[0]: `USDT/EUR` is no pair at its venues; "
        "expected BTC/USD, ETH/USD, BTC/USDT, ETH/USDT, ETH/BTC or USDT/USD; did you mean USDT/USD?",
    ]


def test_what_only_the_custodian_or_a_ledger_can_read_is_told_before_anything_runs() -> None:
    text = (SHIPPED / "firms" / "bitcoin_desk.yaml").read_text()
    wrong = (
        text.replace(
            'settlement_time: "18:00"',
            "settlement_time: 6pm\n    dust_minimum: ten\n    cut_offs: [24:00]\n    holidays: [2023-02-30]",
        )
        .replace("master: {role: master, opening: {BTC: 4,", "master: {role: master, opening: {BTC: 9999M,", 1)
        .replace("vault: {role: vault, opening: {BTC: 8,", "vault: {role: vault, opening: {BTC: 0.000000001,")
    )
    Path("bitcoin_desk.yaml").write_text(wrong)
    with pytest.raises(ScenarioError) as caught:
        check_file("bitcoin_desk.yaml")
    amount, hour = "expected 0 to 1000M, with at most 8 decimals", "expected HH:MM from 00:00 to 23:59"
    assert [line.split(": ", 1)[1] for line in caught.value.lines()] == [
        f"accounts.apex.master.opening.BTC: `9999000000` is no amount that a ledger holds; {amount}",
        f"accounts.keystone.vault.opening.BTC: `0.000000001` is no amount that a ledger holds; {amount}",
        f"custodian.keystone.cut_offs[0]: `24:00` is no time of day; {hour}",
        f"custodian.keystone.settlement_time: `6pm` is no time of day; {hour}",
        "custodian.keystone.holidays[0]: `2023-02-30` is no day; expected YYYY-MM-DD",
        f"custodian.keystone.dust_minimum: `ten` is no amount that a ledger holds; {amount}",
    ]


def test_a_custodian_without_an_account_is_told_before_anything_runs() -> None:
    text = (SHIPPED / "firms" / "bitcoin_desk.yaml").read_text()
    vault = "  keystone:\n    vault: {role: vault, opening: {BTC: 8, USDT: 150k, USD: 200k}}\n"
    assert vault in text
    Path("bitcoin_desk.yaml").write_text(text.replace(vault, ""))
    with pytest.raises(ScenarioError) as caught:
        check_file("bitcoin_desk.yaml")
    (line,) = caught.value.lines()
    assert line.endswith(": accounts: has none at keystone; expected a vault at the custodian")


def test_a_market_that_contradicts_itself_is_told_with_its_line() -> None:
    from lab.scenario.market_file import MarketFile

    text = (SHIPPED / "markets" / "synthetic_calm.yaml").read_text()
    Path("wild.yaml").write_text(text.replace("volatility_per_year: 0.55", "volatility_per_year: 55"))
    with pytest.raises(ScenarioError) as caught:
        MarketFile().read(load_yaml(Path("wild.yaml"), "wild.yaml"), "")
    assert caught.value.lines() == ["wild.yaml:12:58: synthetic.assets[1].volatility_per_year: is 55; expected 0 to 10"]
