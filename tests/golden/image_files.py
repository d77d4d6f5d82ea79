# SPDX-License-Identifier: Apache-2.0
"""JPEG and PNG files of every kind that we read, and what Pillow decodes them to."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps


def make(sources, rng):
    """{name: (bytes of the file, expected RGB picture)} from the pictures of make_preprocess.py."""
    files = {}
    for name, data in (*jpegs(sources), *pngs(sources, rng)):
        files[name] = (data, decoded(data))
    return files


def decoded(data):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode == "I;16":  # convert() would clip these at 255
        grey = (np.array(image) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.array(image.convert("RGB"))


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation, order):
    """A TIFF directory of two entries in the byte order "<" or ">"."""
    entries = struct.pack(order + "HHIHxx", 0x0103, 3, 1, 6)
    entries += struct.pack(order + "HHIHxx", 0x0112, 3, 1, orientation)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return b"Exif\0\0" + head + struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0)


def jpegs(sources):
    rgb = Image.fromarray(sources["37x53"])
    grey = rgb.convert("L")
    soft = rgb.resize((41, 27), Image.BICUBIC)
    yield "baseline_444.jpg", encoded(rgb, "JPEG", quality=90, subsampling=0)
    yield "baseline_422.jpg", encoded(soft, "JPEG", quality=90, subsampling=1)
    yield "baseline_420.jpg", encoded(soft, "JPEG", quality=90, subsampling=2)
    yield "progressive_420.jpg", encoded(soft, "JPEG", quality=75, progressive=True)
    yield "grey.jpg", encoded(grey, "JPEG", quality=80)
    yield "progressive_grey.jpg", encoded(grey, "JPEG", quality=80, progressive=True)
    yield "restarts.jpg", encoded(rgb, "JPEG", quality=60, restart_marker_blocks=2)
    yield "adobe_rgb.jpg", encoded(rgb, "JPEG", quality=85, keep_rgb=True)
    cmyk = encoded(soft.convert("CMYK"), "JPEG", quality=85)
    yield "cmyk.jpg", cmyk
    transform = cmyk.index(b"Adobe") + 11
    yield "ycck.jpg", cmyk[:transform] + b"\x02" + cmyk[transform + 1:]
    small = Image.fromarray(sources["64x48"]).resize((20, 13), Image.BICUBIC)
    for orientation in range(1, 9):
        data = encoded(small, "JPEG", quality=90, subsampling=0,
                       exif=exif(orientation, "<" if orientation % 2 else ">"))
        yield f"exif_{orientation}.jpg", data


def png(width, height, depth, colour, raw, interlaced=0):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"Title\0a test")
            + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def adam7(image):
    raw = b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
                         (1, 0, 2, 2), (0, 1, 1, 2)):
        part = image[y::dy, x::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    return raw


def pngs(sources, rng):
    array = sources["37x53"][:23]
    height, width = array.shape[:2]
    rgb = Image.fromarray(array)
    grey = rgb.convert("L")
    alpha = Image.fromarray(array[:, :, 1])
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    yield "rgb.png", encoded(rgb, "PNG")
    yield "rgba.png", encoded(rgba, "PNG")
    yield "grey.png", encoded(grey, "PNG")
    yield "grey_alpha.png", encoded(Image.merge("LA", (grey, alpha)), "PNG")
    yield "grey_1bit.png", encoded(grey.convert("1"), "PNG")
    for bits in (1, 2, 4, 8):
        yield f"palette_{bits}bit.png", encoded(rgb.quantize(2 ** bits), "PNG", bits=bits)
    yield "palette_alpha.png", encoded(rgb.quantize(16), "PNG", transparency=b"\x00\x80\xff")
    yield "rgb_key.png", encoded(rgb, "PNG", transparency=tuple(int(v) for v in array[0, 0]))
    yield "interlaced.png", png(width, height, 8, 2, adam7(array), 1)
    yield "interlaced_narrow.png", png(3, height, 8, 2, adam7(array[:, :3]), 1)
    words = array.astype(np.uint16) * 256 + rng.integers(0, 256, array.shape, dtype=np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in words)
    yield "rgb_16bit.png", png(width, height, 16, 2, rows)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in words[:, :, 0])
    yield "grey_16bit.png", png(width, height, 16, 0, rows)
