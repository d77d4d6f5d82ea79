# SPDX-License-Identifier: Apache-2.0
"""A vit_serve that a test starts, asks and stops."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

# The folder of the programs, for tests.
PROGRAMS = pathlib.Path(os.environ.get("VITQ_PROGRAMS", ".")).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "docs/images/samples").iterdir())
SCENES = sorted((ROOT / "docs/images/scenes").iterdir())


class Server:
    """`with Server(bin_folder, "default") as server:` serves on a free port until the end."""

    def __init__(self, programs, *arguments):
        self.process = subprocess.Popen(
            [programs / "vit_serve", *map(str, arguments), "--port", "0"],
            stderr=subprocess.PIPE, text=True)
        self.log = []
        self.port = None
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"listening on http://.*:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
        if self.port is None:
            raise RuntimeError(f"vit_serve ended with {self.process.wait()}: {''.join(self.log)}")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(timeout=10)
        self.process.stderr.close()

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, target, body=None, headers=None):
        """Answers (status, headers, body)."""
        connection = self.connect()
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, method, target, body=None, headers=None):
        """Answers (status, JSON)."""
        status, _, text = self.ask(method, target, body, headers)
        return status, json.loads(text)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Asks it to stop and answers its exit code."""
        self.signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.reader.join(timeout=10)
        return code

    def resident_bytes(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def infer(programs, model, image):
    """What vit_infer answers, as JSON without what a server cannot say."""
    text = subprocess.run([programs / "vit_infer", "-m", model, image, "-f", "json"],
                          check=True, capture_output=True, text=True).stdout
    return comparable(json.loads(text))


def close(found, expected):
    """Whether answers of a float network are equal but for its last bits, which depend on what else
    is in a batch."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            close(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    if isinstance(expected, float):
        return abs(found - expected) <= 1e-3 * max(1.0, abs(expected))
    return found == expected


def comparable(answer):
    return {key: value for key, value in answer.items()
            if key not in ("image", "model", "timing_ms")}


def raw(server, data):
    """Sends bytes as they are and answers what comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(data)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def eventually(condition, seconds=20):
    """Waits until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not happen")
        time.sleep(0.02)
