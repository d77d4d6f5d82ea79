# SPDX-License-Identifier: Apache-2.0
"""Clients that others wrote: tritonclient, the parser of Prometheus' client library, and curl.
VITQ_PROGRAMS is the folder of the programs."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
import tritonclient.http as triton
from prometheus_client.parser import text_string_to_metric_families
from server import PROGRAMS, SAMPLES, Server, infer
from tritonclient.utils import InferenceServerException


def by_vit_infer(pixels):
    """The logits of a tensor by the program, bit for bit."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.save(folder / "input.npy", pixels)
        subprocess.run([PROGRAMS / "vit_infer", "--tensor", folder / "input.npy", "--dump",
                        folder / "out", "-f", "json"], check=True, capture_output=True)
        return np.load(folder / "out" / "logits.npy")


class TritonClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(PROGRAMS, "default", "detr-small")
        cls.addClassCleanup(cls.server.__exit__)
        cls.client = triton.InferenceServerClient(f"127.0.0.1:{cls.server.port}", concurrency=4)
        cls.addClassCleanup(cls.client.close)

    def ask(self, pixels, binary_in, binary_out, **more):
        image = triton.InferInput("image", pixels.shape, "UINT8")
        image.set_data_from_numpy(pixels, binary_data=binary_in)
        wanted = [triton.InferRequestedOutput("logits", binary_data=binary_out)]
        return self.client.infer("default", [image], outputs=wanted, **more)

    def test_health_and_metadata(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("default"))
        self.assertFalse(self.client.is_model_ready("nobody"))
        self.assertIn("binary_tensor_data", self.client.get_server_metadata()["extensions"])
        metadata = self.client.get_model_metadata("detr-small")
        self.assertEqual([output["name"] for output in metadata["outputs"]], ["logits", "boxes"])
        self.assertEqual(metadata["inputs"][0]["shape"], [-1, 3, -1, -1])

    def test_every_form_of_a_tensor_gives_the_bits_of_vit_infer(self):
        random = np.random.default_rng(1)
        for images in (1, 3):
            pixels = random.integers(0, 256, (images, 3, 32, 32), dtype=np.uint8)
            expected = by_vit_infer(pixels)
            for binary_in in (False, True):
                for binary_out in (False, True):
                    result = self.ask(pixels, binary_in, binary_out, request_id="q7")
                    np.testing.assert_array_equal(result.as_numpy("logits"), expected)
                    self.assertEqual(result.get_response()["id"], "q7")

    def test_many_at_a_time(self):
        random = np.random.default_rng(2)
        inputs = [random.integers(0, 256, (1, 3, 32, 32), dtype=np.uint8) for _ in range(40)]
        expected = by_vit_infer(np.concatenate(inputs))
        asked = []
        for pixels in inputs:
            image = triton.InferInput("image", pixels.shape, "UINT8")
            image.set_data_from_numpy(pixels)
            asked.append(self.client.async_infer("default", [image]))
        for i, one in enumerate(asked):
            np.testing.assert_array_equal(one.get_result().as_numpy("logits")[0], expected[i])

    def test_a_float_detector(self):
        image = triton.InferInput("image", (1, 3, 64, 96), "FP32")
        image.set_data_from_numpy(np.zeros((1, 3, 64, 96), np.float32))
        result = self.client.infer("detr-small", [image])
        self.assertEqual(result.as_numpy("boxes").shape[-1], 4)

    def test_refusals_are_told(self):
        with self.assertRaisesRegex(InferenceServerException, "the model takes"):
            self.ask(np.zeros((1, 3, 32, 31), np.uint8), True, True)

    def test_the_repository(self):
        self.assertEqual({model["name"] for model in self.client.get_model_repository_index()},
                         {"default", "detr-small"})
        self.client.load_model("default")
        self.assertEqual(self.client.get_model_metadata("default")["versions"], ["2"])


class Prometheus(unittest.TestCase):
    def test_its_parser_reads_the_metrics(self):
        with Server(PROGRAMS, "default") as server:
            for _ in range(3):
                server.json("POST", "/v1/classify", SAMPLES[0].read_bytes())
            server.ask("GET", "/nowhere")
            text = server.ask("GET", "/metrics")[2].decode()
            families = {family.name: family for family in text_string_to_metric_families(text)}
            self.assertEqual(families["vitq_requests"].type, "counter")
            self.assertEqual(families["vitq_compute_seconds"].type, "histogram")
            asked = [sample.value for sample in families["vitq_requests"].samples
                     if sample.labels["endpoint"] == "v1/classify"]
            self.assertEqual(asked, [3])
            images = [sample.value for sample in families["vitq_batch_images"].samples
                      if sample.name.endswith("_sum")]
            self.assertEqual(images, [3])


class Curl(unittest.TestCase):
    def test_the_examples_of_the_documents(self):
        with Server(PROGRAMS, "default") as server:
            expected = infer(PROGRAMS, "default", SAMPLES[0])["predictions"]
            for way in (["--data-binary", f"@{SAMPLES[0]}"], ["-F", f"image=@{SAMPLES[0]}"]):
                said = subprocess.run(
                    ["curl", "-sS", "--fail", *way,
                     f"localhost:{server.port}/v1/classify?model=default"],
                    check=True, capture_output=True, text=True).stdout
                self.assertEqual(json.loads(said)["predictions"], expected)


if __name__ == "__main__":
    unittest.main()
