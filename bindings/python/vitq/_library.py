# SPDX-License-Identifier: Apache-2.0
"""The C interface (vitq/c.h) as ctypes knows it. Calls let go of the GIL.

The library lies beside this file, or where VITQ_LIBRARY says.
"""

import ctypes
import operator
import os
from pathlib import Path

from ._errors import ArgumentError, error_of

_FILE = Path(os.environ.get("VITQ_LIBRARY") or Path(__file__).parent / "libvitq.so.1")
_SHARES = (_FILE.parent / "share" / "vitq", _FILE.parent.parent / "share" / "vitq")


_text, _i32, _i64, _f64 = ctypes.c_char_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_double


def fitting(name, value, kind):
    """The value, if a field of this kind holds it: ctypes would cut a whole number that is too long."""
    if kind not in (_i32, _i64):
        return value
    value, most = operator.index(value), 2 ** (8 * ctypes.sizeof(kind) - 1)
    if not -most <= value < most:
        raise ArgumentError(f"{name} is {value}, expected {-most} to {most - 1}")
    return value


def _sized(name, fields):
    """A struct whose first field is its size. A whole number that a field cannot hold is an ArgumentError."""
    kinds = dict(fields)

    def fill(struct, **values):
        checked = {each: fitting(each, value, kinds[each]) for each, value in values.items()}
        ctypes.Structure.__init__(struct, size=ctypes.sizeof(struct), **checked)

    return type(name, (ctypes.Structure,), {"_fields_": [("size", ctypes.c_size_t), *fields], "__init__": fill})


LoadOptions = _sized("LoadOptions", [("threads", _i32), ("verify", _i32)])
Tensor = _sized("Tensor", [("name", _text), ("dtype", _i32), ("rank", _i32), ("shape", _i64 * 8),
                           ("data", ctypes.c_void_p)])
Image = _sized("Image", [("path", _text), ("bytes", ctypes.c_void_p), ("byte_count", ctypes.c_size_t),
                         ("rgb", ctypes.c_void_p), ("width", _i32), ("height", _i32), ("row_bytes", _i64)])
ConvertOptions = _sized("ConvertOptions", [
    ("family", _text), ("image_height", _i64), ("image_width", _i64), ("heads", _i64), ("preset", _text),
    ("preprocessor", _text), ("labels", _text), ("head", _text), ("overwrite", _i32)])
Progress = _sized("Progress", [("layer", _text), ("index", _i64), ("count", _i64), ("seconds", _f64),
                               ("seconds_left", _f64)])
ProgressFunction = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Progress), ctypes.c_void_p)
QuantizeOptions = _sized("QuantizeOptions", [
    ("recipe", _text), ("weight_bits", _i32), ("activation_bits", _i32), ("limit", _i64), ("threads", _i32),
    ("memory_bytes", _i64), ("overwrite", _i32), ("progress", ProgressFunction), ("user", ctypes.c_void_p)])

MeasureOptions = _sized("MeasureOptions", [("labels", ctypes.POINTER(_i64)), ("batch", _i64), ("threads", _i32),
                                           ("keep_going", _i32)])
CocoOptions = _sized("CocoOptions", [("first", _i64), ("count", _i64), ("threads", _i32), ("keep_going", _i32),
                                     ("ignore_unmatched", _i32)])


class Class(ctypes.Structure):
    _fields_ = [("id", _i64), ("label", _text), ("score", ctypes.c_float)]


class Object(ctypes.Structure):
    _fields_ = [("id", _i64), ("label", _text), ("score", ctypes.c_float), ("x0", ctypes.c_float),
                ("y0", ctypes.c_float), ("x1", ctypes.c_float), ("y1", ctypes.c_float), ("query", _i64)]


_handle, _to = ctypes.c_uint64, ctypes.POINTER
_ARGUMENTS = {
    "vitq_model_load": [_text, _to(LoadOptions), _to(_handle)],
    "vitq_model_load_bytes": [ctypes.c_char_p, ctypes.c_size_t, _to(LoadOptions), _to(_handle)],
    "vitq_model_close": [_handle],
    "vitq_model_info": [_handle, _to(_text)],
    "vitq_prepare": [_handle, _to(Image), ctypes.c_size_t, _to(_handle)],
    "vitq_run": [_handle, _to(Tensor), _to(_handle)],
    "vitq_classify": [_handle, _to(Image), _i64, _to(_handle)],
    "vitq_detect": [_handle, _to(Image), ctypes.c_float, _to(_handle)],
    "vitq_features": [_handle, _to(Image), _to(_handle)],
    "vitq_result_tensors": [_handle, _to(_to(Tensor)), _to(ctypes.c_size_t)],
    "vitq_result_classes": [_handle, _to(_to(Class)), _to(ctypes.c_size_t)],
    "vitq_result_objects": [_handle, _to(_to(Object)), _to(ctypes.c_size_t)],
    "vitq_result_text": [_handle, _to(_text)],
    "vitq_result_free": [_handle],
    "vitq_find_images": [_text, _to(_handle)],
    "vitq_evaluate": [_handle, _to(_text), ctypes.c_size_t, _to(MeasureOptions), _to(_handle)],
    "vitq_compare": [_handle, _handle, _to(_text), ctypes.c_size_t, _to(MeasureOptions), _to(_handle)],
    "vitq_coco_detect": [_handle, _text, _text, _to(CocoOptions), _to(_handle)],
    "vitq_coco_figures": [_handle, _text, _to(_text), ctypes.c_size_t, _to(CocoOptions), _to(_handle)],
    "vitq_convert": [_text, _text, _to(ConvertOptions), _to(_handle)],
    "vitq_quantize": [_text, _to(_text), ctypes.c_size_t, _text, _to(QuantizeOptions), _to(_handle)],
}


def _open():
    library = ctypes.CDLL(str(_FILE))
    for name, arguments in _ARGUMENTS.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, ctypes.c_int
    library.vitq_last_error.restype = _text
    library.vitq_version.restype = ctypes.c_uint32
    return library


_LIBRARY = _open()


def call(name, *arguments):
    """Calls a function of the interface, and raises what its status stands for."""
    status = getattr(_LIBRARY, "vitq_" + name)(*arguments)
    if status != 0:
        raise error_of(status, _LIBRARY.vitq_last_error().decode(errors="replace"))


def version():
    number = _LIBRARY.vitq_version()
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def free(result):
    _LIBRARY.vitq_result_free(result)


def close(model):
    _LIBRARY.vitq_model_close(model)


def installed(name):
    """The file of the model that is installed under this name with the library, or none."""
    files = (folder / f"{name}.safetensors" for folder in _SHARES)
    return next((file for file in files if file.exists()), None)


def path_bytes(path):
    """A path as the interface takes it; none where there is none."""
    return None if path is None else os.fsencode(path)


def texts(texts):
    """An array of texts, each of them bytes."""
    return (ctypes.c_char_p * len(texts))(*texts)
