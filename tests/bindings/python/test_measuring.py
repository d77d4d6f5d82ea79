# SPDX-License-Identifier: Apache-2.0
"""Measuring and comparing models from Python, and networks in memory: with the answers of the programs.

Needs what test_vitq.py needs.
"""

import json
import unittest

import numpy as np
import vitq
from test_vitq import GOLDENS, Desk, program


def tensors_of(file):
    """The arrays of a safetensors file, by name."""
    data = file.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    types = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8"}
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[begin + each["data_offsets"][0]:begin + each["data_offsets"][1]],
                                types[each["dtype"]]).reshape(each["shape"]) for name, each in header.items()}


class Measuring(Desk):
    def coded(self, name="hf_vit"):
        path = self.folder / f"{name}.int8.safetensors"
        vitq.quantize(self.model(name), self.photos, path)
        return path

    def told(self, model, *arguments):
        return json.loads(program("vit_eval", model, "--images", self.folder / "photos", "-f", "json", *arguments))

    def test_what_is_right_is_what_vit_eval_counts(self):
        model = vitq.load(self.model())
        best = [model.classify(pixels)[0].id for pixels in self.pixels]
        labels = [best[0], (best[1] + 1) % 10, best[2]]
        found = vitq.evaluate(model, self.photos, labels)
        self.assertEqual(found["right"], 2)
        lines = [f"{path.name}\t{label}\n" for path, label in zip(self.photos, labels)]
        (self.folder / "labels").write_text("".join(lines))
        told = self.told(self.model(), "--labels", self.folder / "labels")
        for name in ("images", "right", "top1", "top5"):
            self.assertEqual(found[name], told[name])
        self.assertEqual(vitq.evaluate(self.model(), self.folder / "photos", self.folder / "labels"), found)

    def test_images_that_cannot_be_read_are_told(self):
        paths = [*self.photos, self.folder / "gone.bmp"]
        found = vitq.evaluate(self.model(), paths, [-1] * 4, keep_going=True)
        self.assertEqual((found["images"], found["right"]), (3, 0))
        self.assertEqual([each["path"] for each in found["failed"]], [str(paths[3])])
        self.assertIn("gone.bmp", found["failed"][0]["error"])
        none = vitq.compare(self.model(), self.model(), paths[3:], keep_going=True)
        self.assertEqual((none["images"], len(none["failed"])), (0, 1))
        self.assertNotIn("agreement", none)

    def test_a_comparison_is_that_of_vit_eval(self):
        for name, each in (("hf_vit", "kl_of_each"), ("hf_detr", "kl_of_each"), ("hf_dinov2", "cosine_of_each")):
            model, reference = self.coded(name), self.model(name)
            found = vitq.compare(model, reference, self.folder / "photos")
            told = self.told(model, "--against", reference, "--each")["against"]
            for key in ("model", "images_per_second"):
                told.pop(key, None)
            self.assertEqual((found.pop("images"), found.pop("failed")), (3, []))
            self.assertEqual(len(found[each]), 3)
            self.assertEqual(found, told)

    def test_labels_say_which_model_is_right_where(self):
        model, reference = vitq.load(self.coded()), vitq.load(self.model())
        labels = [reference.classify(pixels)[0].id for pixels in self.pixels]
        found = vitq.compare(model, reference, self.photos, labels)
        self.assertEqual(found["top1"], 100.0)
        self.assertEqual(found["right"], 3 - found["lost"])
        self.assertEqual(found["right"], vitq.evaluate(model, self.photos, labels)["right"])
        same = vitq.compare(reference, reference, self.photos)
        self.assertEqual((same["agreement"], same["logit_snr_db"], same["kl"]), (100.0, None, 0.0))

    def test_questions_that_do_not_fit_are_refused(self):
        refused = self.assertRaisesRegex
        with refused(vitq.ArgumentError, r"labels\[1\] is 10"):
            vitq.evaluate(self.model(), self.photos, [0, 10, 0])
        with refused(vitq.ArgumentError, "labels has 1 elements, expected one for each of 3 images"):
            vitq.evaluate(self.model(), self.photos, [0])
        with refused(vitq.ArgumentError, "one of labels and coco"):
            vitq.evaluate(self.model(), self.photos)
        with refused(vitq.ArgumentError, "count is 0"):
            vitq.compare(self.model(), self.model(), [])
        with refused(vitq.FormatError, "does not detect"):
            vitq.evaluate(self.model(), self.folder, coco=self.folder / "annotations")
        with refused(vitq.FormatError, "classify"):
            vitq.compare(self.model(), self.model("hf_detr"), self.photos)
        with refused(vitq.FormatError, "classify"):
            vitq.evaluate(self.model("hf_dinov2"), self.photos, [0, 0, 0])
        with refused(vitq.ArgumentError, rf"labels\[1\] is {2**64}"):
            vitq.evaluate(self.model(), self.photos, [0, 2**64, 0])
        with refused(vitq.ArgumentError, f"batch is {2**64 + 1}"):
            vitq.evaluate(self.model(), self.photos, [0, 0, 0], batch=2**64 + 1)
        labels = self.folder / "labels"
        for text, found in (("0.bmp 1\n", "row 1"), ("0.bmp\t--5\n", "row 1"), ("", "found no row")):
            labels.write_text(text)
            with refused(vitq.ArgumentError, f"labels: {found}.*expected path<TAB>class id"):
                vitq.evaluate(self.model(), self.folder, labels)


class Memory(Desk):
    def setUp(self):
        super().setUp()
        self.tensors = tensors_of(GOLDENS / "hf_vit" / "model.safetensors")
        self.config = json.loads((GOLDENS / "hf_vit" / "config.json").read_text())
        self.input = vitq.load(self.model()).prepare(self.photos)

    def logits(self, model):
        return model.run(self.input)["logits"].tobytes()

    def test_a_network_in_memory_is_the_model_of_its_checkpoint(self):
        class Config:
            def to_dict(config):
                return self.config

        class Tensor:  # as torch's on the CPU
            dtype = "torch.float32"

            def __init__(tensor, array):
                tensor.array, tensor.shape = array, array.shape

            def __array__(tensor, dtype=None, copy=None):
                return tensor.array

        expected = self.logits(vitq.load(self.model()))
        self.assertEqual(self.logits(vitq.from_state_dict(self.tensors, self.config)), expected)
        wrapped = {name: Tensor(array) for name, array in self.tensors.items()}
        self.assertIsNone(vitq.from_state_dict(wrapped, Config(), self.folder / "made"))
        self.assertEqual(self.logits(vitq.load(self.folder / "made")), expected)
        turned = {name: np.asfortranarray(array) for name, array in self.tensors.items()}
        self.assertEqual(self.logits(vitq.from_state_dict(turned, self.config)), expected)

    def test_bfloat16_becomes_float32(self):
        class Tensor:  # as torch's, which NumPy cannot read
            dtype = "torch.bfloat16"

            def __init__(tensor, array):
                tensor.array = array

            def float(tensor):
                return tensor.array

            def __array__(tensor, dtype=None, copy=None):
                raise TypeError("Got unsupported ScalarType BFloat16")

        rounded = {name: (array.view(np.uint32) & 0xFFFF0000).view(np.float32) for name, array in self.tensors.items()}
        model = vitq.from_state_dict({name: Tensor(array) for name, array in rounded.items()}, self.config)
        self.assertEqual(self.logits(model), self.logits(vitq.from_state_dict(rounded, self.config)))

    def test_what_is_no_network_is_refused(self):
        name = next(name for name in self.tensors if name.endswith("query.weight"))
        for value, message in (("text", "state_dict.*expected one of float64"), (None, "state_dict.*object"),
                               (np.zeros(3, complex), "complex128"), ([[1], [2, 3]], "state_dict")):
            with self.assertRaisesRegex(vitq.ArgumentError, message):
                vitq.from_state_dict({**self.tensors, name: value}, self.config)
        with self.assertRaisesRegex(vitq.ArgumentError, "mapping from names"):
            vitq.from_state_dict([1], self.config)
        with self.assertRaisesRegex(vitq.ArgumentError, "config.json"):
            vitq.from_state_dict(self.tensors, 3)
        with self.assertRaises(vitq.FormatError):
            vitq.from_state_dict({}, self.config)
        self.tensors.pop(name)
        with self.assertRaisesRegex(vitq.FormatError, "missing: blocks.0.attn.qkv.weight"):
            vitq.from_state_dict(self.tensors, self.config)


if __name__ == "__main__":
    unittest.main()
