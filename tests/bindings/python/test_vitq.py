# SPDX-License-Identifier: Apache-2.0
"""The Python package on small models: what it answers is what the programs answer, bit for bit.

Needs NumPy, VITQ_LIBRARY (libvitq.so) and VITQ_PROGRAMS (the folder of the programs).
"""

import os
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import numpy as np
import vitq

GOLDENS = Path(__file__).resolve().parents[2] / "golden" / "models"
PROGRAMS = Path(os.environ["VITQ_PROGRAMS"])


def program(name, *arguments):
    run = subprocess.run([PROGRAMS / name, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def photo(seed, height=30, width=40):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 6 * (seed + 1), y * 8 + 40 * seed, x * y >> 2], axis=2).astype(np.uint8)


def bitmap(pixels):
    """The bytes of a BMP file, which needs no library to write."""
    height, width, _ = pixels.shape
    rows = [row[:, ::-1].tobytes().ljust((3 * width + 3) // 4 * 4, b"\0") for row in pixels[::-1]]
    data = b"".join(rows)
    header = b"BM" + np.array([54 + len(data), 0, 54, 40, width, height], "<u4").tobytes()
    return header + np.array([1, 24], "<u2").tobytes() + np.array([0, len(data), 0, 0, 0, 0], "<u4").tobytes() + data


class Desk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "photos").mkdir()
        self.pixels = [photo(seed) for seed in range(3)]
        self.photos = [self.folder / "photos" / f"{seed}.bmp" for seed in range(3)]
        for file, pixels in zip(self.photos, self.pixels):
            file.write_bytes(bitmap(pixels))

    def model(self, name="hf_vit"):
        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            vitq.convert(GOLDENS / name, path)
        return path


class Answers(Desk):
    def test_images_of_every_kind_are_named_alike(self):
        model = vitq.load(self.model())
        path = self.photos[0]
        expected = model.classify(path)
        self.assertEqual(len(expected), 5)
        sheared = np.zeros((30, 45, 3), np.uint8)[:, :40]
        sheared[:] = self.pixels[0]
        for image in (str(path), path.read_bytes(), bytearray(path.read_bytes()), self.pixels[0], sheared,
                      np.asfortranarray(self.pixels[0])):
            self.assertEqual(model.classify(image), expected)
        self.assertEqual(model.classify(self.photos, k=2), [model.classify(each, k=2) for each in self.photos])
        self.assertEqual(model.classify([]), [])

    def test_a_pil_image_needs_only_what_pil_has(self):
        class Image:
            def __init__(self, pixels):
                self.pixels = pixels

            def getexif(self):
                return {}

            def convert(self, mode):
                assert mode == "RGB"
                return self.pixels

        model = vitq.load(self.model())
        self.assertEqual(model.classify(Image(self.pixels[1])), model.classify(self.photos[1]))

    def test_outputs_are_those_of_vit_infer_to_the_bit_in_threads_too(self):
        path = self.model()
        dumped = self.folder / "dump"
        program("vit_infer", "-t", 1, "-m", path, self.photos[0], "--dump", dumped)
        expected = np.load(next(dumped.glob("**/*logits*.npy")))
        model = vitq.load(path, threads=1)
        input = model.prepare(self.photos[0])
        found = [None] * 8

        def work(index):
            found[index] = model.run(input)["logits"]

        threads = [threading.Thread(target=work, args=[index]) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for logits in found:
            self.assertEqual(logits.tobytes(), expected.reshape(logits.shape).tobytes())

    def test_arrays_live_as_long_as_they_are_held(self):
        model = vitq.load(self.model())
        first = model.run(model.prepare(self.pixels))["logits"]
        copy = first.copy()
        self.assertEqual(first.shape[0], 3)
        model.close()
        del model
        other = vitq.load(self.model())
        for _ in range(20):
            other.run(other.prepare(self.pixels))
        np.testing.assert_array_equal(first, copy)

    def test_detectors_and_towers(self):
        found = vitq.load(self.model("hf_detr")).detect(self.photos[0], threshold=0.1)
        self.assertGreater(len(found), 0)
        self.assertEqual(sorted(found, key=lambda each: -each.score), found)
        self.assertEqual(len(found[0].box), 4)
        tower = vitq.load(self.model("hf_dinov2"))
        pooled, tokens = tower.features(self.photos[0], tokens=True)
        self.assertEqual(tokens.ndim, 3)
        self.assertEqual(tokens.shape[-1], tower.info["config"]["dim"])
        np.testing.assert_array_equal(tower.features(self.photos)[0], pooled)

    def test_a_model_tells_what_it_is(self):
        with vitq.load(self.model()) as model:
            self.assertEqual(model.info["task"], "classification")
            self.assertIn(f"vit_infer {vitq.__version__}\n", program("vit_infer", "--version"))
            self.assertRegex(repr(model), r"<vitq.Model: vit, classification, float, \d+ x \d+>")
        with self.assertRaisesRegex(vitq.ArgumentError, "no open model"):
            model.classify(self.photos[0])
        data = self.model().read_bytes()
        self.assertEqual(vitq.load_bytes(data).classify(self.photos[0]), vitq.load(self.model()).classify(self.photos[0]))


class Example(Desk):
    def test_the_example_names_the_cat_and_makes_a_model(self):
        root = Path(__file__).resolve().parents[3]
        run = subprocess.run([sys.executable, root / "docs/examples/python/classify.py",
                              root / "docs/images/samples/chelsea.png", GOLDENS / "hf_vit", self.folder / "photos"],
                             cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = run.stdout.splitlines()
        self.assertEqual(lines[0], "0.950  cat")
        self.assertEqual(lines[-1], "<vitq.Model: vit, classification, int8, 16 x 16> (1, 10)")


class Making(Desk):
    def test_a_quantized_model_is_the_programs_file(self):
        report = vitq.convert(GOLDENS / "hf_vit", self.folder / "float.safetensors")
        self.assertEqual(report["family"], "vit")
        seen = []
        made = vitq.quantize(self.folder / "float.safetensors", self.folder / "photos", self.folder / "int8.safetensors",
                             progress=seen.append)
        self.assertEqual(made["images"], 3)
        self.assertEqual([each.index for each in seen], list(range(seen[0].count)))
        model = vitq.load(self.folder / "int8.safetensors")
        self.assertTrue(model.info["pixels"])
        self.assertEqual(model.prepare(self.photos[0]).dtype, np.uint8)
        program("vit_quantize", self.folder / "float.safetensors", "--calib", self.folder / "photos", "-o",
                self.folder / "other.safetensors")
        theirs = vitq.load(self.folder / "other.safetensors")
        input = model.prepare(self.photos)
        self.assertEqual(model.run(input)["logits"].tobytes(), theirs.run(input)["logits"].tobytes())

    def test_without_images_they_are_generated_as_vit_quantize_does(self):
        made, theirs = self.folder / "made.safetensors", self.folder / "theirs.safetensors"
        self.assertEqual(vitq.quantize(self.model(), None, made, limit=4)["images"], 4)
        program("vit_quantize", self.model(), "--limit", 4, "-o", theirs)
        first, second = vitq.load(made), vitq.load(theirs)
        input = first.prepare(self.photos)
        self.assertEqual(first.run(input)["logits"].tobytes(), second.run(input)["logits"].tobytes())
        with self.assertRaisesRegex(vitq.ArgumentError, "count is 0"):
            vitq.quantize(self.model(), [], self.folder / "none.safetensors")

    def test_what_progress_raises_stops_the_work_and_comes_out(self):
        def stop(progress):
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            vitq.quantize(self.model(), self.photos, self.folder / "out", progress=stop)
        self.assertFalse((self.folder / "out").exists())


class Refusals(Desk):
    def refused(self, kind, message, call, *arguments, **options):
        with self.assertRaisesRegex(kind, message) as raised:
            call(*arguments, **options)
        self.assertIsInstance(raised.exception, vitq.Error)

    def test_arguments_that_do_not_fit_are_named(self):
        model = vitq.load(self.model())
        size = model.info["input"][2]
        self.refused(ValueError, "float64", model.run, np.zeros((1, 3, size, size)))
        self.refused(ValueError, r"\[1, 3, 7, 7\]", model.run, np.zeros((1, 3, 7, 7), np.float32))
        self.refused(ValueError, "extent 0", model.run, np.zeros((0, 3, size, size), np.float32))
        self.refused(ValueError, "uint8", model.classify, np.zeros((8, 8, 3)))
        self.refused(ValueError, "uint8", model.classify, np.zeros((8, 8), np.uint8))
        self.refused(ValueError, "0 x 8", model.classify, np.zeros((8, 0, 3), np.uint8))
        self.refused(ValueError, "found NoneType", model.classify, None)
        self.refused(ValueError, "k is 0", model.classify, self.photos[0], k=0)
        self.refused(ValueError, f"k is {2**64 + 1}", model.classify, self.photos[0], k=2**64 + 1)
        self.refused(ValueError, "count is 0", model.prepare, [])
        self.refused(ValueError, "threads", vitq.load, self.model(), threads=-1)
        self.refused(ValueError, f"threads is {2**32}", vitq.load, self.model(), threads=2**32)
        self.refused(ValueError, "weight_bits is 1", vitq.quantize, self.model(), self.photos, self.folder / "x", weight_bits=1)
        (self.folder / "empty").mkdir()
        self.refused(ValueError, "found no", vitq.quantize, self.model(), self.folder / "empty", self.folder / "x")
        self.refused(vitq.FormatError, "does not detect", model.detect, self.photos[0])

    def test_files_that_cannot_be_used_are_told_by_kind(self):
        self.refused(OSError, "nowhere", vitq.load, self.folder / "nowhere")
        self.refused(vitq.FormatError, "0.bmp", vitq.load, self.photos[0])
        self.refused(OSError, "0.bmp.*existing", vitq.convert, GOLDENS / "hf_vit", self.photos[0])
        damaged = bytearray(self.model().read_bytes())
        damaged[-1] ^= 1
        self.refused(vitq.MismatchError, "checksum", vitq.load_bytes, damaged, verify=True)
        self.refused(vitq.FormatError, "bytes", vitq.load(self.model()).classify, b"no image")
        self.refused(OSError, "gone.png", vitq.load(self.model()).classify, "gone.png")


if __name__ == "__main__":
    unittest.main()
