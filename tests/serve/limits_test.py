# SPDX-License-Identifier: Apache-2.0
"""The limits of vit_serve. VITQ_PROGRAMS is the folder of the programs."""

import concurrent.futures
import pathlib
import socket
import struct
import tempfile
import time
import unittest
import zlib

from server import PROGRAMS, SAMPLES, Server, eventually, raw

CAT = SAMPLES[0].read_bytes()


def black_png(width, height):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows)
            + chunk(b"IEND", b""))


class Limits(unittest.TestCase):
    def test_a_full_queue_and_deadlines(self):
        with Server(PROGRAMS, "default", "--max-queue", 1, "--max-delay-us", 3000000) as server:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                first = pool.submit(server.json, "POST", "/v1/classify", CAT)
                eventually(lambda: b'queued_images{model="default"} 1'
                           in server.ask("GET", "/metrics")[2])
                status, headers, _ = server.ask("POST", "/v1/classify", CAT)
                self.assertEqual(status, 429)
                self.assertGreaterEqual(int(headers["Retry-After"]), 1)
                self.assertEqual(first.result()[0], 200)
            begin = time.monotonic()
            status, answer = server.json("POST", "/v1/classify?timeout_ms=200", CAT)
            self.assertEqual(status, 504)
            self.assertLess(time.monotonic() - begin, 2.5)
            self.assertIn("time was up", answer["error"])

    def test_who_goes_away_costs_no_network(self):
        with Server(PROGRAMS, "default", "--max-delay-us", 2500000) as server:
            connection = server.connect()
            connection.request("POST", "/v1/classify", CAT)
            eventually(lambda: b'queued_images{model="default"} 1'
                       in server.ask("GET", "/metrics")[2])
            connection.close()  # with what it has read
            eventually(lambda: b'reason="client_gone"} 1' in server.ask("GET", "/metrics")[2])
            self.assertNotIn(b"vitq_batch_images_count", server.ask("GET", "/metrics")[2])

    def test_large_bodies_and_images(self):
        with Server(PROGRAMS, "default", "--max-body-mb", 1, "--max-megapixels", 1) as server:
            self.assertIn(b" 413 ", raw(
                server, b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n"
                + b"a" * 200000))
            status, answer = server.json("POST", "/v1/classify", black_png(1001, 1000))
            self.assertEqual(status, 413)
            self.assertIn("1001", answer["error"])
            self.assertEqual(server.json("POST", "/v1/classify", black_png(1000, 1000))[0], 200)

    def test_slow_clients_keep_nobody_out(self):
        with Server(PROGRAMS, "default", "--max-connections", 8) as server:
            slow = []
            for _ in range(40):
                connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
                connection.sendall(b"POST /v1/classify HTTP/1.1\r\nHost: ")
                slow.append(connection)
            for _ in range(5):
                status, _ = server.json("POST", "/v1/classify", CAT)
                self.assertEqual(status, 200)
            for connection in slow:
                connection.close()

    def test_tokens(self):
        with tempfile.TemporaryDirectory() as folder:
            token = pathlib.Path(folder) / "token.txt"
            token.write_text("correct-horse-battery\n")
            with Server(PROGRAMS, "default", "--token-file", token) as server:
                bearer = {"Authorization": "Bearer correct-horse-battery"}
                status, headers, _ = server.ask("GET", "/v1/models")
                self.assertEqual(status, 401)
                self.assertIn("Bearer", headers["WWW-Authenticate"])
                for wrong in ("Bearer correct-horse-batterx", "correct-horse-battery", "Bearer "):
                    status, _, _ = server.ask("GET", "/metrics", headers={"Authorization": wrong})
                    self.assertEqual(status, 401)
                for target in ("/v1/models", "/metrics", "/v2"):
                    self.assertEqual(server.ask("GET", target, headers=bearer)[0], 200)
                for target in ("/", "/v2/health/live", "/v2/health/ready"):
                    self.assertEqual(server.ask("GET", target)[0], 200)


if __name__ == "__main__":
    unittest.main()
