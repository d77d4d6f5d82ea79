# SPDX-License-Identifier: Apache-2.0
"""Valid, broken, slow, huge and cancelled requests, all at a time, while models are reloaded.

Every answer is compared with what vit_infer says, and every refusal with what it must be. At the end
the server must have answered all, hold no more memory or connections than before, and stop well.

usage: faults.py PROGRAMS [--seconds S] [--seed N]
"""

import argparse
import collections
import contextlib
import json
import operator
import pathlib
import random
import signal
import socket
import sys
import threading
import time

from server import SAMPLES, SCENES, Server, close, comparable, infer


class Faults:
    def __init__(self, server, programs, random_, end):
        self.server, self.end = server, end
        self.random = random_
        self.counts = collections.Counter()
        self.problems = []
        self.lock = threading.Lock()
        self.classes = {path.read_bytes(): infer(programs, "default", path) for path in SAMPLES}
        self.objects = {path.read_bytes(): infer(programs, "detr-small", path) for path in SCENES}

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def post(self, target, body, more=b""):
        return (b"POST %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n%b\r\n"
                % (target, len(body), more)) + body

    @staticmethod
    def read(connection):
        answer = b""
        while chunk := connection.recv(1 << 16):
            answer += chunk
        if not answer:
            raise RuntimeError("no answer")
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def ask(self, data):
        with self.connect() as connection:
            connection.sendall(data)
            return self.read(connection)

    @staticmethod
    def checked(status, body, expected, same=operator.eq):
        if status == 429:
            return "told to come back"
        if status != 200 or not same(comparable(json.loads(body)), expected):
            raise RuntimeError(f"{status} {body[:200]}")
        return "right answer"

    # The kinds of requests. Each answers what became of it, or throws.

    def classify(self, rng):
        image, expected = rng.choice(list(self.classes.items()))
        return self.checked(*self.ask(self.post(b"/v1/classify?model=default", image)), expected)

    def detect(self, rng):
        image, expected = rng.choice(list(self.objects.items()))
        return self.checked(*self.ask(self.post(b"/v1/detect?model=detr-small", image)), expected,
                            close)

    def drip(self, rng):
        """A valid request in small pieces."""
        image, expected = rng.choice(list(self.classes.items()))
        data = self.post(b"/v1/classify?model=default", image)
        with self.connect() as connection:
            for i in range(0, len(data), len(data) // 20):
                connection.sendall(data[i:i + len(data) // 20])
                time.sleep(0.05)
            return "dripped: " + self.checked(*self.read(connection), expected)

    def broken_image(self, rng):
        image = bytearray(rng.choice(list(self.classes)))
        for _ in range(30):
            image[rng.randrange(len(image))] = rng.randrange(256)
        cut = bytes(image[:rng.randrange(1, len(image))])
        status, _ = self.ask(self.post(b"/v1/classify?model=default", cut))
        # Some damage is none to a decoder.
        if status not in (200, 400, 413, 429):
            raise RuntimeError(f"a broken image: {status}")
        return f"broken image: {status}"

    def broken_tensor(self, rng):
        head = json.dumps({"inputs": [{"name": "image", "datatype": "UINT8",
                                       "shape": [1, 3, 32, rng.choice([31, 32, 2 ** 40])],
                                       "data": [1, 2, rng.choice([3, -1, "x", None])]}]}).encode()
        status, _ = self.ask(self.post(b"/v2/models/default/infer", head))
        if status != 400:
            raise RuntimeError(f"a broken tensor: {status}")
        return "broken tensor: 400"

    def garbage(self, rng):
        status, _ = self.ask(rng.randbytes(rng.randrange(20, 400)).replace(b"\n", b"x") + b"\n\r\n")
        if status not in (400, 431):
            raise RuntimeError(f"garbage: {status}")
        return f"garbage: {status}"

    def huge(self, rng):
        status, _ = self.ask(b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                             % rng.randrange(1 << 30, 1 << 60) + b"a" * 100000)
        if status != 413:
            raise RuntimeError(f"a huge body: {status}")
        return "huge body: 413"

    def slow_head(self, rng):
        """Never ends, until the server has enough of it or the client loses patience."""
        with self.connect() as connection:
            connection.sendall(b"POST /v1/classify HTTP/1.1\r\nX-")
            for _ in range(rng.randrange(1, 30)):
                time.sleep(0.1)
                try:
                    connection.sendall(b"a")
                except OSError:
                    return "slow head: cut off"
        return "slow head: gave up"

    def cancelled(self, rng):
        data = self.post(b"/v1/detect?model=detr-small", rng.choice(list(self.objects)))
        with self.connect() as connection:
            connection.sendall(data[:rng.randrange(1, len(data) + 1)])
            time.sleep(rng.random() * 0.05)
        return "cancelled"

    def hurried(self, rng):
        image, expected = rng.choice(list(self.objects.items()))
        status, body = self.ask(
            self.post(b"/v1/detect?model=detr-small&timeout_ms=%d" % rng.randrange(1, 60), image))
        if status == 504:
            return "time was up: 504"
        return "hurried: " + self.checked(status, body, expected, close)

    def reload(self, _):
        self.server.signal(signal.SIGHUP)
        time.sleep(1)
        return "reload"

    def client(self, seed):
        kinds = [self.classify] * 6 + [self.detect] * 2 + [
            self.drip, self.broken_image, self.broken_tensor, self.garbage, self.huge,
            self.slow_head, self.slow_head, self.cancelled, self.hurried]
        rng = random.Random(seed)
        if seed == 0:
            kinds = [self.reload]
        while time.monotonic() < self.end:
            kind = rng.choice(kinds)
            try:
                became = kind(rng)
            except Exception as error:  # noqa: BLE001: whatever it is, it is a problem
                became = "problem"
                with self.lock:
                    self.problems.append(f"{kind.__name__}: {error!r}")
            with self.lock:
                self.counts[became] += 1


def gauge(server, name):
    text = server.ask("GET", "/metrics")[2].decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=24)
    arguments = parser.parse_args()
    with Server(arguments.programs, "default", "detr-small", "--max-connections", 64,
                "--max-body-mb", 8) as server:
        faults = Faults(server, arguments.programs, random.Random(arguments.seed),
                        time.monotonic() + arguments.seconds)
        threads = [threading.Thread(target=faults.client, args=(i * (arguments.seed + 1),))
                   for i in range(arguments.clients)]
        for thread in threads:
            thread.start()
        time.sleep(arguments.seconds / 3)
        before = server.resident_bytes()
        for thread in threads:
            thread.join()
        after = server.resident_bytes()
        if server.process.poll() is not None:
            faults.problems.append(f"the server ended with {server.process.returncode}")
        else:
            with contextlib.suppress(AssertionError):
                deadline = time.monotonic() + 40
                while time.monotonic() < deadline and gauge(server, "vitq_queued_images") > 0:
                    time.sleep(0.1)
            if gauge(server, "vitq_queued_images") > 0:
                faults.problems.append("images are left in the queue")
            if server.stop() != 0:
                faults.problems.append(f"it ended with {server.process.returncode}")
    for became, count in sorted(faults.counts.items()):
        print(f"{count:7}  {became}")
    print(f"resident memory: {before / 1e6:.1f} MB after a third, {after / 1e6:.1f} MB at the end")
    for problem in faults.problems[:20]:
        print(f"problem: {problem}", file=sys.stderr)
    sys.exit(1 if faults.problems else 0)


if __name__ == "__main__":
    main()
