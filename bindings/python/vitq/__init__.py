# SPDX-License-Identifier: Apache-2.0
"""Int8 inference and post-training quantization of vision transformers.

    import vitq

    model = vitq.load("detr.int8.safetensors")
    for found in model.detect("street.jpg", threshold=0.9):
        print(found.label, found.score, found.box)

An image is a path, the bytes of a file, a NumPy array u8 [height, width, 3], or a PIL image.
"""

from . import _library
from ._errors import (ArgumentError, Cancelled, Error, FormatError, InternalError, LimitError, MismatchError,
                      UnreadableError)
from ._making import Progress, convert, quantize
from ._measuring import compare, evaluate
from ._model import Class, Features, Model, Object, load, load_bytes
from ._state_dict import from_state_dict

__all__ = ["ArgumentError", "Cancelled", "Class", "Error", "Features", "FormatError", "InternalError", "LimitError",
           "MismatchError", "Model", "Object", "Progress", "UnreadableError", "compare", "convert", "evaluate",
           "from_state_dict", "load", "load_bytes", "quantize"]
__version__ = _library.version()
