# SPDX-License-Identifier: Apache-2.0
"""What a call answers. Arrays lie in the library's memory, which lives as long as one of them."""

import ctypes
import math

import numpy as np

from . import _library
from ._library import call

DTYPES = (np.dtype(np.float32), np.dtype(np.uint8))  # by vitq_dtype


class Result:
    def __init__(self):
        self.handle = ctypes.c_uint64()

    def __del__(self):
        if self.handle.value:
            _library.free(self.handle)

    def out(self):
        return ctypes.byref(self.handle)

    def tensors(self):
        """The arrays by name, in their order."""
        return {tensor.name.decode(): self._array(tensor) for tensor in self._list("tensors", _library.Tensor)}

    def classes(self):
        return self._list("classes", _library.Class)

    def objects(self):
        return self._list("objects", _library.Object)

    def text(self):
        text = ctypes.c_char_p()
        call("result_text", self.handle, ctypes.byref(text))
        return text.value.decode()

    def _list(self, kind, struct):
        items, count = ctypes.POINTER(struct)(), ctypes.c_size_t()
        call("result_" + kind, self.handle, ctypes.byref(items), ctypes.byref(count))
        return items[:count.value]

    def _array(self, tensor):
        shape, dtype = tensor.shape[:tensor.rank], DTYPES[tensor.dtype]
        memory = (ctypes.c_byte * (math.prod(shape) * dtype.itemsize)).from_address(tensor.data)
        memory.owner = self  # keeps the result alive as long as the array
        return np.ndarray(shape, dtype, memory)
