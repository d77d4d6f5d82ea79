# SPDX-License-Identifier: Apache-2.0
"""Image files of every kind that we read, and what Pillow decodes them to."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps


def make(sources, rng):
    """{name: (bytes of the file, expected RGB image)} from the images of make_preprocess.py."""
    files = {}
    for name, data in (*jpegs(sources), *pngs(sources, rng), *webps(sources), *bmps(sources),
                       *gifs(sources)):
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
    quantizer = cmyk.index(b"\xff\xdb")
    yield "junk.jpg", cmyk[:quantizer] + b"junk\xff\x00\x01" + cmyk[quantizer:]
    small = Image.fromarray(sources["64x48"]).resize((20, 13), Image.BICUBIC)
    for orientation in range(1, 9):
        data = encoded(small, "JPEG", quality=90, subsampling=0,
                       exif=exif(orientation, "<" if orientation % 2 else ">"))
        yield f"exif_{orientation}.jpg", data


def webps(sources):
    rgb = Image.fromarray(sources["64x48"]).resize((31, 22), Image.BICUBIC)
    rgba = rgb.copy()
    rgba.putalpha(Image.fromarray(sources["37x53"][:22, :31, 1]))
    yield "lossy.webp", encoded(rgb, "WEBP", quality=70)
    yield "lossy_alpha.webp", encoded(rgba, "WEBP", quality=70)
    lossless = encoded(rgb.quantize(12).convert("RGB"), "WEBP", lossless=True)
    yield "lossless.webp", lossless
    yield "lossless_alpha.webp", encoded(rgba.resize((15, 11)), "WEBP", lossless=True, exact=True)
    turned = exif(6, "<")
    yield "exif.webp", encoded(rgb, "WEBP", quality=50, exif=turned)
    yield "exif_bare.webp", encoded(rgb, "WEBP", quality=50, exif=turned[6:])
    yield "animated.webp", encoded(rgb, "WEBP", quality=50, save_all=True,
                                   append_images=[rgb.transpose(Image.Transpose.ROTATE_180)])
    yield "placed.webp", placed_webp(lossless[12:], 31, 22)


def placed_webp(bitstream, width, height):
    """An animation of 40 x 30 pixels whose only frame lies at (4, 6)."""
    def chunk(kind, data):
        return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    def int24(value):
        return struct.pack("<I", value)[:3]

    frame = int24(2) + int24(3) + int24(width - 1) + int24(height - 1) + int24(100) + b"\2" + bitstream
    body = (chunk(b"VP8X", b"\2\0\0\0" + int24(39) + int24(29)) + chunk(b"ANIM", b"\xff" * 4 + b"\0\0")
            + chunk(b"ANMF", frame))
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def bmp(width, height, bits, rows, palette=b"", masks=b"", header=40, colours=0):
    """A top-down file if the height is negative."""
    compression = 3 if masks else 0
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 0, 0, colours, 0)
    info = (info + masks).ljust(header, b"\0")
    offset = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + palette + rows


def bmps(sources):
    array = sources["37x53"][:11, :19]
    rgb = Image.fromarray(array)
    grey = rgb.convert("L")
    yield "rgb.bmp", encoded(rgb, "BMP")
    yield "grey.bmp", encoded(grey, "BMP")
    yield "1bit.bmp", encoded(grey.convert("1"), "BMP")
    yield "palette.bmp", encoded(rgb.quantize(50), "BMP")
    yield "rgba.bmp", encoded(Image.merge("RGBA", (*rgb.split(), grey)), "BMP")
    blue_first = array[:, :, ::-1]
    rows = b"".join(row.tobytes() + b"\0" * 3 for row in blue_first)
    yield "top_down.bmp", bmp(19, -11, 24, rows)
    old = struct.pack("<IHHHH", 12, 19, 11, 1, 24)
    yield "os2.bmp", b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26) + old + rows
    index = (array[:, :, 0].astype(int) * 5 // 256 * 16 + array[:, 1:2, 1] % 5).astype(np.uint8)
    rows = b"".join(row[:10].tobytes() + b"\0\0" for row in index)
    palette = bytes((10, 20, 30, 0, 200, 90, 7, 0, 3, 99, 180, 0))
    yield "4bit.bmp", bmp(19, 11, 4, rows, palette, colours=3)  # indices 3 and 4 are beyond its end
    words = array.astype(np.uint16)
    rgb555 = words[:, :, 0] >> 3 << 10 | words[:, :, 1] >> 3 << 5 | words[:, :, 2] >> 3
    yield "16bit.bmp", bmp(19, 11, 16, b"".join(r.tobytes() + b"\0\0" for r in rgb555))
    rgb565 = words[:, :, 0] >> 3 << 11 | words[:, :, 1] >> 2 << 5 | words[:, :, 2] >> 3
    yield "565.bmp", bmp(19, 11, 16, b"".join(r.tobytes() + b"\0\0" for r in rgb565),
                         masks=struct.pack("<3I", 0xF800, 0x7E0, 0x1F))
    rgba = np.dstack([array, array[:, :, 0]])
    yield "v4.bmp", bmp(19, 11, 32, rgba.tobytes(), header=108,
                        masks=struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000))


def gifs(sources):
    rgb = Image.fromarray(sources["37x53"][:23])
    colours = rgb.quantize(200)
    yield "palette.gif", encoded(colours, "GIF")
    yield "grey.gif", encoded(rgb.convert("L"), "GIF")
    yield "interlaced.gif", encoded(rgb.quantize(9), "GIF", interlace=1)
    yield "transparent.gif", encoded(rgb.quantize(9), "GIF", transparency=4)
    yield "animated.gif", encoded(rgb.quantize(5), "GIF", save_all=True,
                                  append_images=[rgb.transpose(Image.Transpose.ROTATE_180)])
    few = encoded(rgb.quantize(3), "GIF", interlace=0)
    frame = few.index(b"\x2c\0\0\0\0")
    placed = struct.pack("<HH", 5, 4)
    wide = few[:6] + struct.pack("<HH", 50, 30) + few[10:frame + 1] + placed + few[frame + 5:]
    yield "placed.gif", wide
    control = b"\x21\xf9\x04\x01\0\0\x02\0"  # colour 2 is transparent
    frame = wide.index(b"\x2c" + placed)
    yield "placed_transparent.gif", wide[:frame] + control + wide[frame:]
    yield "beyond_screen.gif", few[:6] + struct.pack("<HH", 8, 60) + few[10:]
    local = few[:10] + b"\0" + few[11:13]  # no palette but the frame's own
    frame = few.index(b"\x2c\0\0\0\0")
    table = few[13:13 + 3 * 4]
    yield "local_palette.gif", local + few[frame:frame + 9] + b"\x81" + table + few[frame + 10:]
    yield "no_palette.gif", local + few[frame:]


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
    yield "exif.png", encoded(grey.resize((9, 5)), "PNG", exif=exif(8, ">")[6:])
    surplus = b"".join(b"\0" + row.tobytes() for row in array[:9]) + b"more than the rows"
    yield "surplus.png", png(width, 9, 8, 2, surplus)
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
