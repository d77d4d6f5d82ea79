# SPDX-License-Identifier: Apache-2.0
"""vit_serve beside FastAPI with ONNX Runtime on this machine, in turns: 32 clients that send a photo and
wait, and then requests at an even rate.

usage: serve.py PROGRAMS MODEL --onnx FILE [--onnx FILE ...] [--rounds N] [--seconds S]

It needs fastapi, python-multipart, uvicorn, onnxruntime and pillow. MODEL and the .onnx files are of one network
of 224 x 224 pixels. Each peer runs once with one worker and all threads, and once with a worker of one thread for
each core; the better one counts.
"""

import argparse
import contextlib
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "serve"))
from load import Load, percentile  # noqa: E402
from server import SAMPLES, Server  # noqa: E402

CLIENTS = 32


def form(path, image):
    body = (b'--frontier\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n" + image + b"\r\n--frontier--\r\n")
    return (b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=frontier\r\n"
            b"Content-Length: %d\r\n\r\n" % (path.encode(), len(body))) + body


@contextlib.contextmanager
def fastapi(model, workers, threads):
    """Answers its port, once it serves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "fastapi_peer:app", "--port", str(port), "--workers", str(workers),
         "--no-access-log", "--log-level", "error", "--timeout-keep-alive", "120"],
        cwd=HERE, env={**os.environ, "MODEL": str(model.resolve()), "THREADS": str(threads)})
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        time.sleep(3)  # the other workers
        yield port
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def ours(programs, model):
    with Server(programs, model, "--quiet") as server:
        yield server.port


def measured(start, request, rate, seconds):
    """Requests per second, and the 99th percentile in milliseconds at `rate`, or at half of them."""
    with start() as port, Load(port, CLIENTS, request) as load:
        load.closed_loop(seconds=1)
        latencies, taken = load.closed_loop(seconds=seconds)
        found = len(latencies) / taken
        calm = load.at_rate(rate or found / 2, seconds)
        return found, 1000 * percentile(calm, 0.5), 1000 * percentile(calm, 0.99)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--onnx", type=pathlib.Path, action="append", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--image", type=pathlib.Path, default=SAMPLES[1])
    options = parser.parse_args()
    image = options.image.read_bytes()
    cores = len(os.sched_getaffinity(0))
    parties = {"vit_serve": (lambda: ours(options.programs, options.model), form("/v1/classify", image))}
    for onnx in options.onnx:
        for workers, threads in ((1, cores), (cores, 1)):
            parties[f"FastAPI, {onnx.stem}, {workers} x {threads} threads"] = (
                lambda onnx=onnx, workers=workers, threads=threads: fastapi(onnx, workers, threads),
                form("/classify", image))
    found = {name: [] for name in parties}
    rate = None
    for _ in range(options.rounds):
        for name, (start, request) in reversed(parties.items()):
            found[name].append(measured(start, request, rate, options.seconds))
        # All get half of what the best peer can do.
        rate = rate or max(rounds[0][0] for name, rounds in found.items() if name != "vit_serve") / 2
    print(f"{len(image)} bytes of JPEG, {CLIENTS} clients, {cores} cores; p50 and p99 at {rate:.0f} a second")
    print("\n| | requests/s | p50 ms | p99 ms |\n|---|---|---|---|")
    for name, rounds in found.items():
        cells = [statistics.median(column) for column in zip(*rounds[min(1, len(rounds) - 1):])]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
