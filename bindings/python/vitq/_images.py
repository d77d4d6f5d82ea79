# SPDX-License-Identifier: Apache-2.0
"""Images of Python as the C interface takes them."""

import ctypes
import json
import os

import numpy as np

from . import _library
from ._errors import ArgumentError
from ._library import call, path_bytes
from ._results import Result


def is_single(image):
    """Whether it is one image, where a list or tuple is several."""
    return not isinstance(image, (list, tuple))


def _pixels(array):
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise ArgumentError(f"an image as an array is uint8 [height, width, 3], found {array.dtype} "
                            f"{list(array.shape)}")
    rows = array if array.strides[1:] == (3, 1) and array.strides[0] >= 3 * array.shape[1] else array.copy()
    height, width, _ = rows.shape
    image = _library.Image(rgb=rows.ctypes.data, width=width, height=height, row_bytes=rows.strides[0])
    image.owner = rows
    return image


def _bytes(data):
    buffer = ctypes.create_string_buffer(bytes(data), len(data))
    image = _library.Image(bytes=ctypes.addressof(buffer), byte_count=len(data))
    image.owner = buffer
    return image


def image_of(image):
    """The struct of one image, which holds what it points at."""
    if isinstance(image, (str, os.PathLike)):
        return _library.Image(path=os.fsencode(image))
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _bytes(image)
    if hasattr(image, "convert") and hasattr(image, "getexif"):  # PIL's, without asking for it
        return _pixels(np.asarray(image.convert("RGB")))
    if isinstance(image, np.ndarray):
        return _pixels(image)
    raise ArgumentError(f"an image is a path, bytes, a NumPy array or a PIL image, found {type(image).__name__}")


def images_of(images):
    """An array of structs."""
    each = [image_of(image) for image in images]
    array = (_library.Image * len(each))(*each)
    array.owner = each
    return array


def paths_of(images):
    """The paths of a folder's images, those in folders below included and hidden ones left out, or a list's."""
    if not is_single(images):
        return [os.fsdecode(path) for path in images]
    if not os.path.isdir(images):
        return [os.fsdecode(images)]
    result = Result()
    call("find_images", path_bytes(images), result.out())
    found = json.loads(result.text())
    if not found["images"]:
        left_out = f" (left out: {found['left_out']})" if found["left_out"] else ""
        raise ArgumentError(f"{images}: found no {found['endings']} file in this folder or below{left_out}")
    return found["images"]
