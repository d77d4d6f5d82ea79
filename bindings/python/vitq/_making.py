# SPDX-License-Identifier: Apache-2.0
"""Model files are made: of checkpoints, and int8 ones of float ones."""

import ctypes
import json
import os
from typing import Any, Callable, NamedTuple, Optional, Sequence, Union

from . import _library
from ._errors import Cancelled
from ._images import paths_of
from ._library import call, path_bytes, texts
from ._results import Result

_Path = Union[str, os.PathLike]


class Progress(NamedTuple):
    """How far quantize() is: the layer, its number from 0 and how many there are, seconds since the start and, as
    estimated, left."""

    layer: str
    index: int
    count: int
    seconds: float
    seconds_left: float


def _text(value):
    return None if value is None else value.encode()


def convert(checkpoint: _Path, output: _Path, *, family: Optional[str] = None,
            image_size: Optional[tuple[int, int]] = None, heads: int = 0, preset: Optional[str] = None,
            preprocessor: Optional[_Path] = None, labels: Optional[_Path] = None, head: Optional[_Path] = None,
            overwrite: bool = False) -> dict[str, Any]:
    """Makes a model file of a checkpoint of timm, transformers, torchvision or Facebook.

    checkpoint: a safetensors file, a shard index, or a folder that holds one. image_size: height and width that
    positions are resampled for. head: for a network of features, .npy or .safetensors. The others are as
    vit_convert's options. Answers what was found and assumed.
    Raises UnreadableError, FormatError, MismatchError, LimitError. `output` is written whole or not at all.
    """
    height, width = image_size or (0, 0)
    options = _library.ConvertOptions(
        family=_text(family), image_height=height, image_width=width, heads=heads, preset=_text(preset),
        preprocessor=path_bytes(preprocessor), labels=path_bytes(labels), head=path_bytes(head),
        overwrite=int(overwrite))
    result = Result()
    call("convert", path_bytes(checkpoint), path_bytes(output), ctypes.byref(options), result.out())
    return json.loads(result.text())


def quantize(model: _Path, images: Union[_Path, Sequence[_Path], None], output: _Path, *, weight_bits: int = 0,
             activation_bits: int = 0, recipe: str = "default", limit: int = 128, threads: int = 0,
             memory_bytes: int = 0, overwrite: bool = False,
             progress: Optional[Callable[[Progress], Any]] = None) -> dict[str, Any]:
    """Makes an int8 model file of a float one and of images like those that it will be shown.

    images: a folder or paths, of which `limit` at most are taken; None: `limit` images are generated, for where there
    are none. weight_bits, activation_bits: 2 to 16; 0: the recipe's, 7 and 8 of "default". threads: 0: as many as
    this process may use. memory_bytes: activations beyond it go to a temporary file; 0: 2 GiB. progress: is told of each layer; what it raises stops the
    work and comes out here.
    Answers {"images": ..., "layers": [...]}.
    Raises UnreadableError, FormatError, LimitError. `output` is written whole or not at all.
    """
    raised = []

    def tell(told, _):
        try:
            if progress is not None:
                each = told.contents
                progress(Progress(each.layer.decode(), each.index, each.count, each.seconds, each.seconds_left))
        except BaseException as error:  # Ctrl-C too: nothing may pass through the library
            raised.append(error)
        return int(bool(raised))

    paths = None if images is None else [path_bytes(path) for path in paths_of(images)]
    options = _library.QuantizeOptions(
        recipe=_text(recipe), weight_bits=weight_bits, activation_bits=activation_bits, limit=limit, threads=threads,
        memory_bytes=memory_bytes, overwrite=int(overwrite), progress=_library.ProgressFunction(tell))
    result = Result()
    try:
        given = (None, 0) if paths is None else (texts(paths), len(paths))
        call("quantize", path_bytes(model), *given, path_bytes(output), ctypes.byref(options), result.out())
    except Cancelled:
        raise raised[0] from None
    return json.loads(result.text())
