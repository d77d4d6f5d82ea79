# SPDX-License-Identifier: Apache-2.0
"""A network in memory becomes a model, without a dependency on the framework that it is in."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Mapping, Optional, Union

import numpy as np

from ._errors import ArgumentError
from ._making import convert
from ._model import Model, load

_DTYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int8": "I8",
           "uint8": "U8"}
_CHECKPOINT, _CONFIG, _PREPROCESSOR = "model.safetensors", "config.json", "preprocessor_config.json"


def from_state_dict(state_dict: Mapping[str, Any], config: Any = None, output: Union[str, os.PathLike, None] = None, *,
                    preprocessor: Any = None, threads: int = 0, **options) -> Optional[Model]:
    """Makes a model of a network in memory, such as `network.state_dict()` of torch.

    state_dict: arrays by name, as timm, transformers, torchvision or Facebook name them: NumPy's, or anything that
    NumPy makes an array of, such as tensors of torch on the CPU. bfloat16, which NumPy lacks, becomes float32, which is
    exact. config, preprocessor: what config.json and preprocessor_config.json say: dictionaries, or objects with
    to_dict() as `network.config` of transformers; not every checkpoint needs one. options: those of convert(). Answers
    the Model, or with `output` nothing, and that model file is written.
    Raises ArgumentError for what is no array, and what convert() raises.
    """
    with tempfile.TemporaryDirectory(prefix="vitq-") as name:
        folder = Path(name)
        (folder / "checkpoint").mkdir()
        _write(state_dict, folder / "checkpoint" / _CHECKPOINT)
        for file, content in ((_CONFIG, config), (_PREPROCESSOR, preprocessor)):
            if content is not None:
                (folder / "checkpoint" / file).write_text(_text(file, content))
        convert(folder / "checkpoint", folder / "model" if output is None else output, **options)
        return load(folder / "model", threads=threads) if output is None else None


def _text(file, content):
    content = content.to_dict() if hasattr(content, "to_dict") else content
    if not isinstance(content, Mapping):
        raise ArgumentError(f"what {file} says is a dictionary or has to_dict(), found {type(content).__name__}")
    return json.dumps(dict(content), default=str)


def _array(name, tensor):
    try:
        kind = str(getattr(tensor, "dtype", ""))
        if "bfloat16" in kind:  # torch's, or JAX's
            tensor = tensor.float() if hasattr(tensor, "float") else tensor.astype(np.float32)
        array = np.ascontiguousarray(tensor)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ArgumentError(f"state_dict[{name!r}]: {error}") from None
    if array.dtype.name not in _DTYPES:
        raise ArgumentError(f"state_dict[{name!r}] is of {array.dtype}, expected one of {', '.join(_DTYPES)}")
    return array.reshape(np.shape(tensor))  # ascontiguousarray() gives a scalar an axis


def _write(state_dict, file):
    """A safetensors file: the length of a header, the header in JSON, and the arrays end to end."""
    if not isinstance(state_dict, Mapping):
        raise ArgumentError(f"state_dict is a mapping from names to arrays, found {type(state_dict).__name__}")
    arrays = {str(name): _array(name, tensor) for name, tensor in state_dict.items()}
    header, end = {}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": _DTYPES[array.dtype.name], "shape": array.shape,
                        "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            stream.write(array.astype(array.dtype.newbyteorder("<"), copy=False).data)
