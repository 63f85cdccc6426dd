"""A real browser for the tests of pages, driven through its debugging pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 10))))"


class Browser:
    """One Chromium without a window. Messages are JSON, each ended by a zero byte, as its DevTools protocol says."""

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self._writing = os.pipe()
        self._reading, to_write = os.pipe()
        switches = (
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank",
        )  # fmt: skip

        def take_places() -> None:
            ends = (os.dup(to_read), os.dup(to_write))
            for place, end in zip((3, 4), ends, strict=True):  # where the browser looks for its pipe
                os.dup2(end, place)

        self._process = subprocess.Popen(
            [program, *switches], pass_fds=(3, 4), preexec_fn=take_places,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._buffer = b""
        self._events: list[dict[str, Any]] = []

    def close(self) -> None:
        """End the browser."""
        self.call("Browser.close")
        self._process.wait(timeout=30)
        os.close(self._writing)
        os.close(self._reading)

    def call(self, method: str, session: str = "", **parameters: Any) -> Any:
        """The reply to one call; what comes meanwhile is kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._receive()
            if reply.get("id") == self._number:
                assert "error" not in reply, (method, reply)
                return reply["result"]
            self._events.append(reply)

    def _receive(self) -> Any:
        while b"\0" not in self._buffer:
            read = os.read(self._reading, 1 << 16)
            assert read, "the browser is gone"
            self._buffer += read
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def wait_until_loaded(self, loader: str) -> None:
        """Until the document of that loader has loaded."""
        while not any(
            event.get("method") == "Page.lifecycleEvent"
            and (event["params"]["loaderId"], event["params"]["name"]) == (loader, "load")
            for event in self._events
        ):
            self._events.append(self._receive())

    def complaints(self) -> list[str]:
        """What the consoles said and the pages asked the network for, since the last time."""
        found = []
        for event in self._events:
            method, told = event.get("method"), event.get("params", {})
            if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
                found.append(json.dumps(told))
            elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("file:", "data:")):
                found.append(told["request"]["url"])
        self._events.clear()
        return found


class Tab:
    """A page that was opened; hands on it are real ones."""

    def __init__(self, browser: Browser, address: str, width: int, dark: bool) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._target = target
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 640
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        browser.wait_until_loaded(self.call("Page.navigate", url=address)["loaderId"])
        self.settle()

    def call(self, method: str, **parameters: Any) -> Any:
        return self._browser.call(method, self._session, **parameters)

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def await_element(self, selector: str) -> None:
        """Until there is such an element, at most ten seconds: a busy machine may draw later than it says."""
        found = f"document.querySelector({json.dumps(selector)}) !== null"
        for _ in range(200):
            if self.run(found):
                return
            self.run("new Promise(done => setTimeout(done, 50))")
        raise AssertionError(f"no {selector} within ten seconds")

    def settle(self) -> None:
        """Until everything is drawn."""
        self.run(_SETTLED)

    def press(self, key: str) -> None:
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settle()

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """``mousePressed``, ``mouseMoved``, ``mouseReleased`` or ``mouseWheel`` at a place of the window."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)
        self.settle()

    def fingers(self, kind: str, *places: tuple[float, float]) -> None:
        """``touchStart``, ``touchMove`` or ``touchEnd`` with a finger at each place."""
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
        self.settle()

    def place(self, selector: str) -> dict[str, float]:
        """Where an element is in the window, once it was brought into sight."""
        one = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{one}.scrollIntoView({{block: 'center'}})")
        self.settle()
        found = self.run(f"{one}.getBoundingClientRect().toJSON()")
        assert isinstance(found, dict)
        return found

    def close(self) -> list[str]:
        """Close the page, and say what it complained of."""
        self._browser.call("Target.closeTarget", targetId=self._target)
        return self._browser.complaints()


class Opener:
    """Opens pages, and at the end of the test holds every one to a clean console."""

    def __init__(self, browser: Browser, directory: Path) -> None:
        self._browser = browser
        self._directory = directory
        self.tabs: list[Tab] = []

    def __call__(self, page: str, fragment: str = "", *, width: int = 1200, dark: bool = False) -> Tab:
        path = self._directory / f"page{len(self.tabs)}.html"
        path.write_text(page, encoding="utf-8")
        self.tabs.append(Tab(self._browser, path.as_uri() + fragment, width, dark))
        return self.tabs[-1]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser that all tests of pages share. Skipped without one, but CI must have it."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed, and CI must have it")
        pytest.skip("chromium is not installed")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Opener]:
    """``opened(page)`` is a tab with that page in it."""
    opener = Opener(chromium, tmp_path)
    yield opener
    for tab in opener.tabs:
        assert tab.close() == []
