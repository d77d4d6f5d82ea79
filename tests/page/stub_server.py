# SPDX-License-Identifier: Apache-2.0
"""A server that answers by the contract of vit_serve without any network, and fails on demand.

`failure` is what the next questions meet: '', 'busy', 'token', 'broken', 'cut', 'empty', 'refused' or 'slow'. What
the server answers is made up, so that a test knows what the page must show.
"""
import contextlib
import http.server
import json
import pathlib
import sys
import threading
import time
import urllib.parse

POLICY = ("default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
          "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PREDICTIONS = [("cat", 0.9), ("dog", 0.06), ("bird", 0.03), ("frog", 0.01)]
BOXES = [("truck", 0.95, [10, 8, 90, 80], 7), ("cat", 0.6, [40, 60, 130, 150], 2), ("dog", 0.2, [0, 0, 30, 30], 5)]
# Models whose names end in small are faster, and less sure.
TIMES = {"decode": 1.25, "preprocess": 0.5, "queue": 0.1, "infer": 5.0, "post": 0.01}
GRID = [4, 4]
CROP = [0, 0, 64, 64]  # from the left and the top, so this is its size, too


def model(name, task, answers, **more):
    return {"name": name, "version": "1", "task": task, "family": "vit", "classes": 10, "input": [3, 32, 32],
            "format": "float", "bytes": 2800000, "answers": answers, **more}


MODELS = [
    model("exact", "classification", ["classify", "attention", "components"]),
    model("small", "classification", ["classify"], format="W7A8"),
    model("finder", "detection", ["detect", "attention"], family="detr"),
    model("finder-small", "detection", ["detect"], family="detr", format="W7A8"),
    model("describer-small", "features", ["features"], family="dinov2", format="W7A8"),
    model("describer", "features", ["features", "attention", "components"], family="dinov2"),
]


def attention():
    # Map (layer, head) has its only weight at the patch 3 * layer + head.
    maps = [[[0.5 if patch == 3 * layer + head else 0.0 for patch in range(16)] for head in range(3)]
            for layer in range(5)]
    return {"layers": 5, "heads": 3, "grid": GRID, "maps": maps, "crop": CROP}


def answer(kind, name):
    if kind == "classify":
        shift = 0.1 if name == "small" else 0.0
        scores = [(label, score - shift if label == "cat" else score + shift / 3) for label, score in PREDICTIONS]
        return {"task": "classification", "predictions": [
            {"id": index, "label": label, "score": score} for index, (label, score) in enumerate(scores)]}
    if kind == "detect":
        less = 0.2 if name == "finder-small" else 0.0
        return {"task": "detection", "detections": [
            {"id": index, "label": label, "score": max(score - less, 0.0), "box": box, "query": query}
            for index, (label, score, box, query) in enumerate(BOXES)]}
    if kind == "features":
        twelfth = -1 if name == "describer-small" else 1
        return {"task": "features", "features": 16 * [0.5, 1, 0.5, 1, 0.5, 1, 0.5, 1, 0.5, 1, 0.5, twelfth]}
    if kind == "attention":
        return attention()
    return {"grid": GRID, "crop": CROP, "colors": [[16 * patch, 255 - 16 * patch, 128] for patch in range(16)]}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/v1/models":
            self.fail_or(lambda: self.send_json(200, {"models": MODELS}))
            return
        file = self.server.page / (path.lstrip("/") or "index.html")
        if file.parent != self.server.page or not file.is_file():
            self.send_json(404, {"error": f"there is no {path}"})
            return
        self.send(200, TYPES[file.suffix], file.read_bytes())

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        kind, name = address.path.removeprefix("/v1/"), query["model"]
        self.server.asked.append((kind, query))
        times = {**TIMES, "infer": 4.0} if name.endswith("small") else TIMES
        common = {"image": "", "width": 160, "height": 160, "timing_ms": times, "model": name}
        with self.server.one_more():
            self.fail_or(lambda: self.send_json(200, {**common, **answer(kind, name)}))

    def fail_or(self, succeed):
        failure = self.server.failure
        if failure == "busy":
            self.send_json(429, {"error": "the queue is full"}, {"Retry-After": "2"})
        elif failure == "token" and self.headers["Authorization"] != "Bearer secret":
            self.send_json(401, {"error": "a token is needed"}, {"WWW-Authenticate": "Bearer"})
        elif failure == "broken":
            self.send(200, "application/json", b'{"predictions": [')
        elif failure == "refused":
            self.send_json(400, {"error": "photo.jpg: not an image that is known"})
        elif failure == "cut":
            self.send(200, "application/json", b'{"pre', {"Content-Length": "100"})
        elif failure == "empty":
            self.send_json(200, {})
        else:
            if failure == "slow":
                time.sleep(2)
            succeed()

    def send_json(self, status, value, headers=None):
        self.send(status, "application/json", json.dumps(value).encode(), headers)

    def send(self, status, kind, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": POLICY,
                            **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, page: pathlib.Path, port: int = 0):
        super().__init__(("127.0.0.1", port), Handler)
        self.page = page
        self.failure = ""
        self.asked = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @contextlib.contextmanager
    def one_more(self):
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def handle_error(self, request, client_address):
        # A page that cancels a question closes its connection.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def close(self):
        self.shutdown()
        self.server_close()
