# SPDX-License-Identifier: Apache-2.0
"""Networks that are ready to run."""

import contextlib
import ctypes
import json
import os
from typing import Any, NamedTuple, Union

import numpy as np

from . import _library
from ._errors import ArgumentError
from ._images import image_of, images_of, is_single
from ._library import call
from ._results import DTYPES, Result


class Class(NamedTuple):
    """A class with its score: a probability, or of a regression the value itself."""

    id: int
    label: str
    score: float


class Object(NamedTuple):
    """An object in an image. `box` is left, top, right and bottom in pixels, not clipped to the image; `query` is
    the row of the network's outputs that it comes from."""

    id: int
    label: str
    score: float
    box: tuple[float, float, float, float]
    query: int


class Features(NamedTuple):
    """What a network without a head says of an image: `pooled` f32 [F] of all of it, `tokens` f32 [h, w, C] of
    each patch."""

    pooled: np.ndarray
    tokens: np.ndarray


def file_of(path):
    """The model file: of an installed model's name, too, and of the default one for none."""
    if path is None or not os.path.exists(path):
        path = _library.installed("default" if path is None else os.fspath(path)) or path
    if path is None:
        raise ArgumentError("no default model is installed with the library; name a model file")
    return path


def load(path: Union[str, os.PathLike, None] = None, threads: int = 0, verify: bool = False) -> "Model":
    """Opens a model file, or an installed model by its name; without a path, the default one.

    threads: that share one run; 0: as many as this process may use. Where Python's own threads call one model at a
    time, 1 is best. verify: check the file's checksum.
    Raises UnreadableError, FormatError, MismatchError, LimitError.
    """
    handle = ctypes.c_uint64()
    options = _library.LoadOptions(threads=threads, verify=int(verify))
    call("model_load", _library.path_bytes(file_of(path)), ctypes.byref(options), ctypes.byref(handle))
    return Model(handle)


def load_bytes(data: bytes, threads: int = 0, verify: bool = False) -> "Model":
    """Opens a model file whose bytes lie in memory; otherwise as load()."""
    handle = ctypes.c_uint64()
    options = _library.LoadOptions(threads=threads, verify=int(verify))
    call("model_load_bytes", bytes(data), len(data), ctypes.byref(options), ctypes.byref(handle))
    return Model(handle)


@contextlib.contextmanager
def opened(model, threads=0):
    """A Model as it is, or one that is loaded and closed again."""
    if isinstance(model, Model):
        yield model
    else:
        with load(model, threads=threads) as loaded:
            yield loaded


class Model:
    """A network. load() makes it. It never changes: any number of threads may call it at a time, and its weights are
    there once. Where a method takes an image it takes a list of images, too, and answers a list."""

    def __init__(self, handle):
        self._handle = handle
        text = ctypes.c_char_p()
        call("model_info", handle, ctypes.byref(text))
        #: What the model is: "task", "input", "outputs", "family", "labels", "preprocess" and so on.
        self.info: dict[str, Any] = json.loads(text.value.decode())
        self._input = DTYPES[int(self.info["pixels"])]

    @property
    def handle(self):
        """Its number in the C interface."""
        return self._handle

    def close(self) -> None:
        """Lets go of the network; calls under way in other threads end well. Later calls raise ArgumentError."""
        if self._handle.value:
            _library.close(self._handle)
            self._handle = ctypes.c_uint64()

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self):
        if hasattr(self, "_handle"):
            self.close()

    def __repr__(self) -> str:
        kind = "float" if self.info["quantization"] is None else "int8"
        size = " x ".join(str(extent) for extent in self.info["input"][2:])
        return f"<vitq.Model: {self.info['family']}, {self.info['task']}, {kind}, {size}>"

    def classify(self, image, k: int = 5):
        """The k most probable classes, list[Class] by falling score. Raises FormatError if it names no classes."""
        return self._each(image, self._classify, k)

    def detect(self, image, threshold: float = 0.5):
        """The objects of at least this probability, list[Object] by falling score. Raises FormatError if it does
        not detect."""
        return self._each(image, self._detect, threshold)

    def features(self, image, tokens: bool = False):
        """The features f32 [F] of an image, or with `tokens` Features. Raises FormatError if it has a head."""
        return self._each(image, self._features, tokens)

    def prepare(self, images) -> np.ndarray:
        """Makes an image, or a list of images that come to one size, what run() takes: [N, 3, H, W]."""
        structs = images_of([images] if is_single(images) else images)
        result = Result()
        call("prepare", self._handle, structs, len(structs), result.out())
        return result.tensors()["input"]

    def run(self, array: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the network on [N, 3, H, W] as prepare() makes it: f32, or u8 if info["pixels"]. Answers its outputs
        f32 [N, ...] by name. Raises ArgumentError for another shape or type."""
        array = np.asarray(array)
        wanted = self._input
        if array.dtype != wanted or array.ndim > 8:
            raise ArgumentError(f"run() takes {wanted} [N, 3, H, W], found {array.dtype} {list(array.shape)}")
        array = np.ascontiguousarray(array)
        tensor = _library.Tensor(dtype=DTYPES.index(wanted), rank=array.ndim, data=array.ctypes.data)
        tensor.shape[:array.ndim] = array.shape
        result = Result()
        call("run", self._handle, ctypes.byref(tensor), result.out())
        return result.tensors()

    @staticmethod
    def _each(image, answer, option):
        return answer(image, option) if is_single(image) else [answer(each, option) for each in image]

    def _classify(self, image, k):
        result = Result()
        call("classify", self._handle, ctypes.byref(image_of(image)), _library.fitting("k", k, ctypes.c_int64),
             result.out())
        return [Class(each.id, each.label.decode(), each.score) for each in result.classes()]

    def _detect(self, image, threshold):
        result = Result()
        call("detect", self._handle, ctypes.byref(image_of(image)), threshold, result.out())
        return [Object(each.id, each.label.decode(), each.score, (each.x0, each.y0, each.x1, each.y1), each.query)
                for each in result.objects()]

    def _features(self, image, tokens):
        result = Result()
        call("features", self._handle, ctypes.byref(image_of(image)), result.out())
        arrays = result.tensors()
        return Features(arrays["features"], arrays["tokens"]) if tokens else arrays["features"]
