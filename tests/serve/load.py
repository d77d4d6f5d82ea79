# SPDX-License-Identifier: Apache-2.0
"""Many clients on one thread: closed loops, or requests at given times.

Each checks its answer, so a wrong one is found under load too.
"""

import heapq
import json
import selectors
import socket
import time


def tensor_request(name, array_bytes, shape, datatype):
    """A whole request of the Open Inference Protocol with a binary tensor, as bytes."""
    head = json.dumps({
        "inputs": [{"name": "image", "datatype": datatype, "shape": shape,
                    "parameters": {"binary_data_size": len(array_bytes)}}],
        "parameters": {"binary_data_output": True}}).encode()
    return (f"POST /v2/models/{name}/infer HTTP/1.1\r\nHost: test\r\n"
            f"Inference-Header-Content-Length: {len(head)}\r\n"
            f"Content-Length: {len(head) + len(array_bytes)}\r\n\r\n").encode() + head + array_bytes


class Client:
    """One connection that sends a request again and again."""

    def __init__(self, port, request, expected):
        self.request, self.expected = request, expected
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.unsent = b""
        self.answer = bytearray()
        self.begun = 0.0

    def begin(self, since):
        self.begun = since
        self.unsent = memoryview(self.request)
        self.answer.clear()
        self.send()

    def send(self):
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent):]
        except BlockingIOError:
            pass

    def receive(self):
        """Answers whether the whole answer is there."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise RuntimeError("the server closed a connection that was at work")
        self.answer += chunk
        end = self.answer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.answer[:end].lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.answer) < end + 4 + length:
            return False
        if not self.answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"the server answered {bytes(self.answer[:400])}")
        if self.expected is not None and not self.answer.endswith(self.expected):
            raise RuntimeError("the server gave a wrong answer")
        return True


class Load:
    """So many connections to a server, all with one request whose answer ends with `expected`."""

    def __init__(self, port, clients, request, expected=None):
        self.selector = selectors.DefaultSelector()
        self.clients = [Client(port, request, expected) for _ in range(clients)]
        for client in self.clients:
            self.selector.register(client.socket, selectors.EVENT_READ, client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.selector.close()
        for client in self.clients:
            client.socket.close()

    def _finished(self, timeout):
        """Yields the clients whose answer has come within this time."""
        for client in self.clients:
            if client.unsent:
                client.send()
        busy = any(client.unsent for client in self.clients)
        for key, _ in self.selector.select(min(timeout, 0.0005) if busy else timeout):
            if key.data.receive():
                yield key.data

    def closed_loop(self, seconds=None, count=None):
        """Each client asks again as soon as it is answered. Answers latencies and the time taken."""
        begin = time.perf_counter()
        end = begin + seconds if seconds else float("inf")
        started, latencies = len(self.clients), []
        for client in self.clients:
            client.begin(time.perf_counter())
        under_way = len(self.clients)
        while under_way:
            for client in self._finished(1.0):
                now = time.perf_counter()
                latencies.append(now - client.begun)
                if now < end and (count is None or started < count):
                    started += 1
                    client.begin(now)
                else:
                    under_way -= 1
        return latencies, time.perf_counter() - begin

    def at_rate(self, rate, seconds):
        """Requests come at even intervals, whatever became of those before. Answers latencies,
        counted from when each should have been sent."""
        begin = time.perf_counter()
        due = [begin + i / rate for i in range(int(rate * seconds))]
        heapq.heapify(due)
        idle, latencies, under_way = list(self.clients), [], 0
        while due or under_way:
            now = time.perf_counter()
            while due and due[0] <= now and idle:
                idle.pop().begin(heapq.heappop(due))
                under_way += 1
            wait = max(0.0, due[0] - time.perf_counter()) if due and idle else 0.05
            for client in self._finished(min(wait, 0.05)):
                latencies.append(time.perf_counter() - client.begun)
                under_way -= 1
                idle.append(client)
        return latencies


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
