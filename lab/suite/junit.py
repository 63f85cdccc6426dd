"""JUnit XML of a suite, as CI servers read it: a test suite for each scenario, a test case for each case and seed.

A fail is a ``failure``, unknown is an ``error``. What differs from a baseline and gates comes as a test suite of its
own, and so does an interruption, so that half a suite is never shown as a green one. There is no single norm; this
keeps to what Jenkins' and Apache Ant's schemas have in common, without the time stamp, which would make two results of
the same code differ.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from collections.abc import Sequence
from itertools import groupby

from lab.suite.result import CaseResult, Changed, SeedResult, SuiteResult
from lab.suite.wording import again, expectation_lines

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT_LIMIT = 20_000  # signs of one failure: a traceback fits, a runaway message does not


def junit(result: SuiteResult) -> bytes:
    """The document."""
    suites = [
        _suite(scenario, list(cases), result) for scenario, cases in groupby(result.cases, key=lambda one: one.scenario)
    ]
    if result.comparison is not None:
        suites.append(_baseline(result.comparison.baseline, result.comparison.changed))
    if result.interrupted:
        suites.append(_interrupted())
    root = Xml.Element("testsuites", {"name": "riskproof", **_totals(suites)})
    root.extend(suites)
    Xml.indent(root)
    document: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(scenario: str, cases: Sequence[CaseResult], result: SuiteResult) -> Xml.Element:
    tests = [_test(result, case, seed) for case in cases for seed in case.seeds]
    properties = {
        "file": cases[0].file,
        "code": result.code,
        "seeds": str(result.seeds),
        **{f"version.{name}": version for name, version in result.versions.items()},
    }
    return _suite_of(scenario, tests, properties)


def _test(result: SuiteResult, case: CaseResult, seed: SeedResult) -> Xml.Element:
    test = Xml.Element(
        "testcase",
        classname=_clean(case.scenario),
        name=_clean(f"{case.case} seed {seed.seed}"),
        time=f"{seed.wall_s:.3f}",
    )
    told = "\n".join(
        [
            *seed.reasons,
            *([f"\n{seed.trouble}"] if seed.trouble else []),
            "",
            f"run directory: {seed.directory}",
            f"again: {again(result, case, seed.seed)}",
        ]
    )
    if seed.verdict != "pass":
        kind, first = ("failure", "fail") if seed.verdict == "fail" else ("error", "unknown")
        message = seed.reasons[0] if seed.reasons else f"{first}: no reason was given"
        child = Xml.SubElement(test, kind, type=first, message=_clean(message)[:500])
        child.text = _clean(told)[:_TEXT_LIMIT]
    lines = expectation_lines(case, seed.seed)
    if lines:
        Xml.SubElement(test, "system-out").text = _clean("\n".join(lines))[:_TEXT_LIMIT]
    return test


def _baseline(name: str, changed: Sequence[Changed]) -> Xml.Element:
    tests = []
    for one in changed:
        if one.gates:
            test = Xml.Element(
                "testcase",
                classname="baseline",
                name=_clean(" ".join(part for part in (one.scenario, one.case, one.subject, one.what) if part)),
                time="0.000",
            )
            message = _clean(f"{one.what}: was {one.before}, is {one.after}")
            kind = "failure" if one.gates == "fail" else "error"
            Xml.SubElement(test, kind, type=one.what, message=message[:500]).text = _clean(f"{message}\n{one.because}")
            tests.append(test)
    tests = tests or [Xml.Element("testcase", classname="baseline", name="nothing got worse", time="0.000")]
    return _suite_of("baseline", tests, {"baseline": name})


def _interrupted() -> Xml.Element:
    test = Xml.Element("testcase", classname="suite", name="every case is played", time="0.000")
    Xml.SubElement(test, "error", type="interrupted", message="interrupted: not every case was played")
    return _suite_of("suite", [test], {})


def _suite_of(name: str, tests: Sequence[Xml.Element], properties: dict[str, str]) -> Xml.Element:
    suite = Xml.Element("testsuite", {"name": _clean(name), **_counts(tests)})
    if properties:
        listed = Xml.SubElement(suite, "properties")
        for key, value in properties.items():
            Xml.SubElement(listed, "property", name=_clean(key), value=_clean(value))
    suite.extend(tests)
    return suite


def _counts(tests: Sequence[Xml.Element]) -> dict[str, str]:
    return {
        "tests": str(len(tests)),
        "failures": str(sum(test.find("failure") is not None for test in tests)),
        "errors": str(sum(test.find("error") is not None for test in tests)),
        "skipped": "0",
        "time": f"{sum(float(test.get('time', '0')) for test in tests):.3f}",
    }


def _totals(suites: Sequence[Xml.Element]) -> dict[str, str]:
    totals = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in ("tests", "failures", "errors")}
    return {**totals, "time": f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}"}


def _clean(text: str) -> str:
    """Without the signs that XML cannot carry, whatever a traceback quotes."""
    return _NOT_IN_XML.sub("�", text)
