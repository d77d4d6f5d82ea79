# SPDX-License-Identifier: Apache-2.0
"""Throughput, latency, memory and start of vit_serve, beside vit_bench on the same machine.

Throughput is that of 32 clients that ask again as soon as they are answered, with whole tensors. It
alternates with `vit_bench -b 8`. Every answer is compared with that of a single image.

usage: measure.py PROGRAMS MODEL [--rounds N] [--seconds S] [--memory REQUESTS]
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

from load import Load, percentile, tensor_request
from server import Server

CLIENTS = 32


def bench(programs, model, batch, threads, seconds):
    """Images per second of vit_bench, and milliseconds of one image."""
    said = subprocess.run(
        [programs / "vit_bench", model, "-b", str(batch), "-t", str(threads),
         "--duration", str(seconds), "-f", "json"], check=True, capture_output=True, text=True)
    found = json.loads(said.stdout)
    found = found[0] if isinstance(found, list) else found
    return found["images_per_second"], found["latency_ms"]["p50"]


def asked(server, name):
    """A request of one image and the bytes that its answer ends with."""
    metadata = server.json("GET", f"/v2/models/{name}")[1]
    image = metadata["inputs"][0]
    shape = [1] + image["shape"][1:]
    count = shape[1] * shape[2] * shape[3]
    if image["datatype"] != "UINT8":
        raise SystemExit("measure.py takes a model that reads pixels")
    pixels = random.Random(1).randbytes(count)
    request = tensor_request(name, pixels, shape, "UINT8")
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(line.split(b": ")[1] for line in head.split(b"\r\n")
                  if line.startswith(b"Inference-Header"))
    _, headers, answer = server.ask(
        "POST", f"/v2/models/{name}/infer", body,
        {"Inference-Header-Content-Length": length.decode()})
    return request, answer[int(headers["Inference-Header-Content-Length"]):]


def start_ms(programs, model):
    """From the start of the program to its first answer that it is ready."""
    begin = time.perf_counter()
    with Server(programs, model, "--quiet") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/v2/health/ready")
        if connection.getresponse().status != 200:
            raise RuntimeError("it is not ready")
        return 1000 * (time.perf_counter() - begin)


def throughput(arguments, server, request, expected):
    """Alternates with vit_bench. Answers both in images per second, round by round."""
    served, benched = [], []
    for _ in range(arguments.rounds):
        benched.append(bench(arguments.programs, arguments.model, 8, arguments.threads,
                             arguments.seconds)[0])
        with Load(server.port, CLIENTS, request, expected) as load:
            latencies, taken = load.closed_loop(seconds=arguments.seconds)
        served.append(len(latencies) / taken)
    return served, benched


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--memory", type=int, default=200000, metavar="REQUESTS")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    name = arguments.model.stem
    results = {"model": name, "threads": arguments.threads}
    results["start_ms"] = statistics.median(
        start_ms(arguments.programs, arguments.model) for _ in range(arguments.rounds))
    with Server(arguments.programs, arguments.model, "--quiet",
                "-t", arguments.threads) as server:
        request, expected = asked(server, name)
        served, benched = throughput(arguments, server, request, expected)
        results["images_per_second"] = statistics.median(served)
        results["vit_bench_images_per_second"] = statistics.median(benched)
        results["ratio_of_best"] = max(served) / max(benched)
        results["ratio_of_medians"] = statistics.median(served) / statistics.median(benched)
        one = bench(arguments.programs, arguments.model, 1, arguments.threads,
                    arguments.seconds)[1]
        with Load(server.port, CLIENTS, request, expected) as load:
            latencies = load.at_rate(statistics.median(served) / 2, 4 * arguments.seconds)
        results["one_image_ms"] = one
        results["half_load_p50_ms"] = 1000 * percentile(latencies, 0.5)
        results["half_load_p99_ms"] = 1000 * percentile(latencies, 0.99)
        results["p99_of_one_image"] = results["half_load_p99_ms"] / one
        with Load(server.port, CLIENTS, request, expected) as load:
            load.closed_loop(count=max(1, arguments.memory // 20))
            before = server.resident_bytes()
            load.closed_loop(count=arguments.memory)
        results["requests_for_memory"] = arguments.memory
        results["resident_mb_before"] = before / 1e6
        results["resident_mb_after"] = server.resident_bytes() / 1e6
        if server.stop() != 0:
            raise SystemExit("vit_serve did not end well")
    json.dump(results, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
