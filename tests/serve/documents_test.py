# SPDX-License-Identifier: Apache-2.0
"""The examples of README.md and docs/serving.md, and the files in docs/deploy."""

import contextlib
import io
import json
import re
import subprocess
import unittest

import kubernetes_validate
import yaml
from server import PROGRAMS, ROOT, Server

DOCUMENTS = [ROOT / "README.md", ROOT / "docs/serving.md"]
DEPLOY = ROOT / "docs/deploy"


def blocks(language, part):
    found = []
    for document in DOCUMENTS:
        for text in re.findall(rf"```{language}\n(.*?)```", document.read_text(), re.DOTALL):
            if part in text:
                found.append(text)
    return found


class Examples(unittest.TestCase):
    def test_curl(self):
        shown = blocks("shell", "vit_serve")
        self.assertEqual(len(shown), len(DOCUMENTS))
        for text in shown:
            first, *lines = text.strip().splitlines()
            arguments = re.fullmatch(r"vit_serve (.*?)(?: --port 8000)? &(?: +#.*)?", first)[1]
            with Server(PROGRAMS, *arguments.split()) as server:
                for line in lines:
                    self.assertTrue(line.startswith("curl -sS "), line)
                    said = subprocess.run(
                        ["bash", "-c", line.replace(":8000", f":{server.port}")],
                        cwd=ROOT, check=True, capture_output=True, text=True).stdout
                    if "metrics" not in line:
                        self.assertNotIn("error", json.loads(said), line)

    def test_python(self):
        shown = blocks("python", "tritonclient")
        self.assertEqual(len(shown), 1)
        with Server(PROGRAMS, "default") as server:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(shown[0].replace(":8000", f":{server.port}"), {})
            self.assertEqual(len(re.findall(r"-?\d+\.\d+", printed.getvalue())), 10)

    def test_every_path_of_the_document_is_there(self):
        text = (ROOT / "docs/serving.md").read_text()
        paths = re.findall(r"`(?:(GET|POST) )?(/v[12][^ `]*)`", text)
        self.assertGreater(len(paths), 12)
        with Server(PROGRAMS, "default") as server:
            for method, path in paths:
                path = path.replace("NAME", "default").replace("VERSION/...", "1")
                if path in ("/v1/attention", "/v2"):
                    continue
                status, _, _ = server.ask(method or "GET", path, b"x" if method == "POST" else None)
                self.assertIn(status, (200, 400, 405), path)


class Deployment(unittest.TestCase):
    def test_kubernetes_takes_its_file(self):
        kinds = []
        for resource in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()):
            kubernetes_validate.validate(resource, "1.31", strict=True)
            kinds.append(resource["kind"])
        self.assertEqual(kinds, ["Deployment", "Service", "HorizontalPodAutoscaler",
                                 "PodDisruptionBudget"])

    def test_the_container_of_kserve_is_one_of_kubernetes(self):
        service = yaml.safe_load((DEPLOY / "kserve.yaml").read_text())
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "vitq"},
             "spec": {"containers": service["spec"]["predictor"]["containers"]}},
            "1.31", strict=True)

    def test_probes_and_options_are_those_of_the_program(self):
        files = [resource for name in ("kubernetes.yaml", "kserve.yaml")
                 for resource in yaml.safe_load_all((DEPLOY / name).read_text())]
        pods = [files[0]["spec"]["template"]["spec"], files[-1]["spec"]["predictor"]]
        for container in (pod["containers"][0] for pod in pods):
            arguments = [text for text in container["args"]
                         if text not in ("--port", "8080")]
            with Server(PROGRAMS, *arguments) as server:
                for probe in ("readinessProbe", "livenessProbe"):
                    if probe in container:
                        path = container[probe]["httpGet"]["path"]
                        self.assertEqual(server.ask("GET", path)[0], 200)
        metric = files[2]["spec"]["metrics"][0]["pods"]["metric"]["name"]
        with Server(PROGRAMS, "default") as server:
            server.json("POST", "/v1/classify", b"x")
            self.assertIn(metric.encode(), server.ask("GET", "/metrics")[2])


if __name__ == "__main__":
    unittest.main()
