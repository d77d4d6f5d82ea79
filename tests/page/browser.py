# SPDX-License-Identifier: Apache-2.0
"""A Chromium without a window, driven by WebDriver: plain HTTP and JSON, as https://www.w3.org/TR/webdriver2 says."""
import base64
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"tab": "\ue004", "enter": "\ue007", "escape": "\ue00c", "space": " ", "left": "\ue012", "up": "\ue013",
        "right": "\ue014", "down": "\ue015", "home": "\ue011", "end": "\ue010", "shift": "\ue008"}
# Root cannot have the sandbox. The camera is a test picture.
ARGUMENTS = ["--headless=new", *(["--no-sandbox"] if os.geteuid() == 0 else []), "--disable-dev-shm-usage",
             "--disable-background-networking", "--hide-scrollbars",
             "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


class Browser:
    def __init__(self, driver="chromedriver"):
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True)
        self.address = f"http://127.0.0.1:{self._port()}"
        options = {"goog:chromeOptions": {"args": ARGUMENTS}, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        self.address += f"/session/{session['sessionId']}"

    def close(self):
        try:
            self._send("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait()

    def _port(self):
        for line in self.process.stdout:
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                return found[1]
        raise RuntimeError("chromedriver ended before it said its port")

    def _send(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def go(self, address):
        self._send("POST", "/url", {"url": address})

    def run(self, script, *arguments):
        """Runs the body of a function, which may return what JSON can say."""
        return self._send("POST", "/execute/sync", {"script": script, "args": arguments})

    def run_async(self, script, *arguments):
        """Runs a script that calls done(value)."""
        return self._send("POST", "/execute/async", {
            "script": f"const done = arguments[arguments.length - 1]; {script}", "args": arguments})

    def all(self, selector):
        found = self._send("POST", "/elements", {"using": "css selector", "value": selector})
        return [element[ELEMENT] for element in found]

    def one(self, selector):
        found = self.all(selector)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} elements match {selector}")
        return found[0]

    def click(self, selector):
        self._send("POST", f"/element/{self.one(selector)}/click")

    def type(self, selector, text):
        self._send("POST", f"/element/{self.one(selector)}/value", {"text": text})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def text_of(self, element):
        return self._send("GET", f"/element/{element}/text")

    def active(self):
        return self._send("GET", "/element/active")[ELEMENT]

    def label(self, element):
        """What a screen reader calls it."""
        return self._send("GET", f"/element/{element}/computedlabel")

    def press(self, *names):
        """Presses keys by their names; the last is released first."""
        keys = [KEYS.get(name, name) for name in names]
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def resize(self, width, height):
        """Chromium refuses windows as narrow as phones, so the size of the page is emulated."""
        self.tools("Emulation.setDeviceMetricsOverride",
                   width=width, height=height, deviceScaleFactor=1, mobile=width < 700)

    def dark(self, on):
        self.tools("Emulation.setEmulatedMedia",
                   features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def tools(self, command, **parameters):
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def screenshot(self, file: pathlib.Path):
        shot = self.tools("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self):
        """What the console has said since the last call."""
        return [entry["message"] for entry in self._send("POST", "/se/log", {"type": "browser"})]

    def wait(self, what, holds, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = holds()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"after {seconds} s the page still lacks {what}")
