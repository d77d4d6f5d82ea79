# SPDX-License-Identifier: Apache-2.0
"""What vit_serve answers and refuses. VITQ_PROGRAMS is the folder of the programs."""

import concurrent.futures
import json
import re
import socket
import unittest

from server import PROGRAMS, SAMPLES, SCENES, Server, close, comparable, eventually, infer, raw

CAT = SAMPLES[0].read_bytes()


def form(*parts):
    """A multipart body of (head, data) and its type."""
    body = b"".join(b"--frontier\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n"
                    for head, data in parts)
    return body + b"--frontier--\r\n", "multipart/form-data; boundary=frontier"


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(PROGRAMS, "default", "detr-small")
        cls.addClassCleanup(cls.server.__exit__)

    def test_answers_are_those_of_vit_infer(self):
        for image in SAMPLES:
            status, answer = self.server.json("POST", "/v1/classify?model=default",
                                              image.read_bytes())
            self.assertEqual(status, 200)
            self.assertEqual(comparable(answer), infer(PROGRAMS, "default", image))
            self.assertEqual(set(answer["timing_ms"]),
                             {"decode", "preprocess", "queue", "infer", "post"})
        for image in SCENES:
            _, answer = self.server.json("POST", "/v1/detect?model=detr-small", image.read_bytes())
            self.assertTrue(close(comparable(answer), infer(PROGRAMS, "detr-small", image)))

    def test_many_at_a_time_get_their_own_answers(self):
        expected = {image: infer(PROGRAMS, "default", image) for image in SAMPLES}

        def one(i):
            image = SAMPLES[i % len(SAMPLES)]
            _, answer = self.server.json("POST", "/v1/classify?model=default", image.read_bytes())
            return comparable(answer) == expected[image]

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertTrue(all(pool.map(one, range(200))))

    def test_parameters(self):
        _, answer = self.server.json("POST", "/v1/classify?model=default&top=2", CAT)
        self.assertEqual(len(answer["predictions"]), 2)
        scene = SCENES[0].read_bytes()
        _, few = self.server.json("POST", "/v1/detect?model=detr-small&threshold=0.9", scene)
        _, all_ = self.server.json("POST", "/v1/detect?model=detr-small&threshold=0", scene)
        self.assertLess(len(few["detections"]), len(all_["detections"]))
        self.assertTrue(all(found["score"] >= 0.9 for found in few["detections"]))

    def test_forms(self):
        _, expected = self.server.json("POST", "/v1/classify?model=default", CAT)
        named = 'Content-Disposition: form-data; name="image"'
        other = 'Content-Disposition: form-data; name="x"; filename="y.png"'
        for parts in ([(named, CAT)], [(other, CAT)], [(other, b"no image"), (named, CAT)]):
            body, kind = form(*parts)
            status, answer = self.server.json("POST", "/v1/classify?model=default", body,
                                              {"Content-Type": kind})
            self.assertEqual(status, 200)
            self.assertEqual(answer["predictions"], expected["predictions"])
        body, kind = form((other, CAT), (other, CAT))
        status, answer = self.server.json("POST", "/v1/classify?model=default", body,
                                          {"Content-Type": kind})
        self.assertEqual(status, 400)

    def test_maps(self):
        status, answer = self.server.json("POST", "/v1/attention?model=default", CAT)
        self.assertEqual(status, 200)
        rows, columns = answer["grid"]
        self.assertEqual(len(answer["maps"]), answer["layers"])
        self.assertEqual(len(answer["maps"][0]), answer["heads"])
        self.assertEqual(len(answer["maps"][-1][-1]), rows * columns)
        # The weights of all tokens sum up to 1, and the class token has a share.
        self.assertTrue(0 < sum(answer["maps"][-1][0]) < 1)
        self.assertEqual(len(answer["crop"]), 4)
        scene = SCENES[0].read_bytes()
        status, answer = self.server.json("POST", "/v1/attention?model=detr-small&query=3", scene)
        self.assertEqual((status, len(answer["maps"])), (200, answer["layers"]))
        status, answer = self.server.json("POST", "/v1/attention?model=detr-small", scene)
        self.assertEqual(status, 400)
        self.assertIn("query", answer["error"])

    def test_refusals(self):
        for method, target, body, status, part in (
                ("POST", "/v1/classify?model=default", b"no image", 400, "the image"),
                ("POST", "/v1/classify?model=default", b"", 400, "no image"),
                ("POST", "/v1/classify?model=default", CAT[:20000], 400, "the image"),
                ("POST", "/v1/classify?model=nobody", CAT, 404, "default, detr-small"),
                ("POST", "/v1/classify?model=..%2Fdefault", CAT, 404, "there is no model"),
                ("POST", "/v1/classify", CAT, 400, "no model is named"),
                ("POST", "/v1/detect?model=default", CAT, 400, "has no detect"),
                ("POST", "/v1/classify?model=default&top=0", CAT, 400, "'top'"),
                ("POST", "/v1/classify?model=default&k=3", CAT, 400, "'k' is no parameter"),
                ("GET", "/v1/classify?model=default", None, 405, "takes POST"),
                ("POST", "/v2/models/default", b"{}", 405, "takes GET"),
                ("GET", "/v2/models/default/versions/2", None, 404, "version 1"),
                ("GET", "/page/../../etc/passwd", None, 404, "there is no"),
                ("POST", "/v2/models/default/infer", b"{", 400, "the request"),
                ("POST", "/v2/models/default/infer", b"{}", 400, "inputs")):
            with self.subTest(target=target):
                found, answer = self.server.json(method, target, body)
                self.assertEqual(found, status)
                self.assertIn(part, answer["error"])
        _, headers, _ = self.server.ask("GET", "/v1/classify")
        self.assertEqual(headers["Allow"], "POST")

    def test_tensors(self):
        pixels = bytes(range(256)) * 12
        head = json.dumps({"inputs": [{"name": "image", "datatype": "UINT8",
                                       "shape": [1, 3, 32, 32],
                                       "parameters": {"binary_data_size": 3072}}]}).encode()
        status, binary = self.server.json(
            "POST", "/v2/models/default/infer", head + pixels,
            {"Inference-Header-Content-Length": str(len(head))})
        self.assertEqual(status, 200)
        body = json.dumps({"inputs": [{"name": "image", "datatype": "UINT8",
                                       "shape": [1, 3, 32, 32], "data": list(pixels)}]})
        _, text = self.server.json("POST", "/v2/models/default/versions/1/infer", body)
        self.assertEqual(binary, text)
        self.assertEqual(binary["outputs"][0]["shape"], [1, 10])

    def test_page_and_its_headers(self):
        status, headers, body = self.server.ask("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
        self.assertIn(b"<html", body)
        for path in re.findall(rb'(?:src|href)="([^":]+)"', body):
            status, _, _ = self.server.ask("GET", "/" + path.decode().removeprefix("./"))
            self.assertEqual(status, 200, path)
        status, headers, body = self.server.ask("HEAD", "/")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(headers["Content-Length"]), 100)

    def test_http(self):
        get = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        self.assertEqual(raw(self.server, get + get + last).count(b'{"live":true}'), 3)
        self.assertIn(b"Connection: close", raw(self.server, b"GET / HTTP/1.0\r\n\r\n"))
        self.assertIn(b" 400 ", raw(self.server, b"nonsense\r\n\r\n"))
        self.assertIn(b" 400 ", raw(self.server, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"))
        self.assertIn(b" 431 ", raw(
            self.server, b"GET / HTTP/1.1\r\nX: " + b"a" * 20000 + b"\r\n\r\n"))
        post = b"POST /v1/classify?model=default HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        chunked = b"".join(b"%x\r\n%b\r\n" % (len(part), part)
                           for part in (CAT[:1000], CAT[1000:])) + b"0\r\n\r\n"
        self.assertIn(b'"cat"', raw(
            self.server, post + b"Transfer-Encoding: chunked\r\n\r\n" + chunked))
        for length in (b"-1", b"1e3", b"18446744073709551616"):
            self.assertIn(b" 400 ", raw(
                self.server, post + b"Content-Length: " + length + b"\r\n\r\n"))
        self.assertIn(b" 413 ", raw(
            self.server, post + b"Content-Length: 1000000000000\r\n\r\n"))

    def test_a_body_is_asked_for_where_the_client_waits(self):
        head = (b"POST /v1/classify?model=default HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(CAT))
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
            connection.sendall(head)
            self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 100 "))
            connection.sendall(CAT)
            self.assertIn(b" 200 ", connection.recv(1000))

    def test_metrics(self):
        self.server.json("POST", "/v1/classify?model=default", CAT)
        status, headers, body = self.server.ask("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn("version=0.0.4", headers["Content-Type"])
        text = body.decode()
        for line in (r'vitq_requests_total\{code="200",endpoint="v1/classify",model="default"\} \d',
                     r'vitq_batch_images_bucket\{model="default",le="8"\} \d',
                     r'vitq_model_info\{format="w7a8",model="default",.*version="1"\} 1',
                     r'vitq_queue_seconds_count\{model="default"\} \d',
                     r'vitq_compute_seconds_sum\{model="default"\} '):
            self.assertRegex(text, line)

    def test_the_log_is_json_whatever_is_asked(self):
        self.server.ask("GET", "/%22%0a{hostile}")
        eventually(lambda: any("hostile" in line for line in list(self.server.log)))
        line = next(line for line in self.server.log if "hostile" in line)
        entry = json.loads(line)
        self.assertEqual((entry["status"], entry["target"]), (400, "/%22%0a{hostile}"))
        self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


if __name__ == "__main__":
    unittest.main()
