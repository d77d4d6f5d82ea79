// SPDX-License-Identifier: Apache-2.0
// Images in and out. The only file that includes stb, which decodes JPEG and PNG. It sees nothing
// but memory, and only what the checks of png.h and jpeg.h have let through.
#include "vitq/image.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <memory>

#include "io/bmp.h"
#include "io/exif.h"
#include "io/files.h"
#include "io/gif.h"
#include "io/jpeg.h"
#include "io/png.h"
#include "io/webp.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS 16384
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace vitq {
namespace {

static_assert(STBI_MAX_DIMENSIONS == kMaxImageSide);

const stbi_uc* octets(std::span<const std::byte> bytes) {
  return reinterpret_cast<const stbi_uc*>(bytes.data());
}

using StbPixels = std::unique_ptr<stbi_uc, decltype(&stbi_image_free)>;

// Runs stb on a checked file; the size must come out as the header says.
StbPixels decode(std::span<const std::byte> bytes, int width, int height, int channels,
                 const std::string& name) {
  int found_width = 0;
  int found_height = 0;
  int found_channels = 0;
  StbPixels pixels(stbi_load_from_memory(octets(bytes), static_cast<int>(bytes.size()),
                                         &found_width, &found_height, &found_channels, channels),
                   stbi_image_free);
  if (pixels == nullptr) {
    const std::string reason = stbi_failure_reason();
    throw FileError(Fault::kMalformed, name, "the image data are damaged: " + reason);
  }
  if (found_width != width || found_height != height) {
    throw FileError(Fault::kMalformed, name,
                    cat("the image data give ", found_width, " x ", found_height, ", the header ",
                        width, " x ", height));
  }
  return pixels;
}

// The image goes row by row to memory that nothing has filled before.
Image without_alpha(const stbi_uc* rgba, int width, int height) {
  Image image{width, height, {}};
  const std::size_t stride = std::size_t{3} * static_cast<std::size_t>(width);
  image.rgb.reserve(stride * static_cast<std::size_t>(height));
  std::vector<std::uint8_t> row(stride + 1);  // four bytes are written for each pixel
  for (int y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < stride; x += 3, rgba += 4) std::memcpy(&row[x], rgba, 4);
    image.rgb.insert(image.rgb.end(), row.begin(), row.end() - 1);
  }
  return image;
}

// Inflates the stream into a buffer for the rows of the image and a little more, so that no stream
// asks for more memory. Fewer bytes are a truncation. More are ignored, as in Pillow: then the file
// is put together anew from its rows, because stb would inflate all of them.
void check_inflated_size(CheckedPng& png, const std::string& name) {
  constexpr std::size_t kDeflateRatio = 1032;  // the most that deflate can compress
  // The buffer is full when the next piece does not fit, and a piece has at most 65,535 bytes.
  constexpr std::size_t kLargestPiece = 65'535;
  const std::size_t room = png.inflated_bytes + kLargestPiece;
  if (room > INT_MAX) {
    throw LimitError(
        cat(name, ": ", png.inflated_bytes, " bytes of pixels; at most 2 GiB are read"));
  }
  bool matches = png.inflated_bytes / kDeflateRatio <= png.compressed.size();
  if (matches) {
    std::vector<std::byte> rows(room);
    const int written =
        stbi_zlib_decode_buffer(reinterpret_cast<char*>(rows.data()), static_cast<int>(room),
                                reinterpret_cast<const char*>(png.compressed.data()),
                                static_cast<int>(png.compressed.size()));
    const bool full =
        written < 0 && std::string_view(stbi_failure_reason()) == "output buffer limit";
    const std::size_t found = full ? room : static_cast<std::size_t>(std::max(0, written));
    matches = found >= png.inflated_bytes;
    if (found > png.inflated_bytes) {
      png = png_of_rows(png, std::span(rows).first(png.inflated_bytes));
    }
  }
  if (!matches) {
    throw FileError(Fault::kMalformed, name,
                    cat("the compressed data (IDAT) are damaged, truncated or do not hold the ",
                        png.inflated_bytes, " bytes of ", png.width, " x ", png.height, " pixels"));
  }
}

// What a stranger's file seems to be, for the message that refuses it.
std::string describe(std::span<const std::byte> bytes) {
  struct Format {
    std::string_view start;
    std::string_view name;
  };
  constexpr Format kFormats[] = {
      {"II*", "TIFF"},
      {"MM", "TIFF"},
      {"P6", "PPM"},
      {"8BPS", "PSD"},
      {"#?RADIANCE", "HDR"},
      {"%PDF", "PDF"},
      {"<svg", "SVG"},
      {"<?xml", "SVG"},
      {"<", "a web page"},
      {"version https://git-lfs", "a Git LFS pointer (git lfs pull gets the file)"},
      {std::string_view("\0\0\0\x0CJXL", 7), "JPEG XL"},
      {"\xFF\x0A", "JPEG XL"}};
  if (bytes.empty()) return "an empty file";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Format& format : kFormats) {
    if (text.starts_with(format.start)) return cat("what seems to be ", format.name);
  }
  if (text.size() >= 12 && text.substr(4, 4) == "ftyp") return "what seems to be HEIC or AVIF";
  return "an unknown signature";
}

Image decode_png(const ImageBytes& file, const std::string& name, Exif exif) {
  CheckedPng png = check_png(file);
  check_inflated_size(png, name);
  const StbPixels pixels = decode(png.bytes, png.width, png.height, STBI_rgb, name);
  const std::size_t pixel_count =
      static_cast<std::size_t>(png.width) * static_cast<std::size_t>(png.height);
  Image image{png.width, png.height, {pixels.get(), pixels.get() + 3 * pixel_count}};
  return exif == Exif::kApply ? upright(std::move(image), png.orientation) : image;
}

Image decode_jpeg(const ImageBytes& file, const std::string& name, Exif exif) {
  const CheckedJpeg jpeg = check_jpeg(file);
  // stb has SIMD for RGBA alone, and the same arithmetic without it for RGB.
  constexpr int kChannels = STBI_rgb_alpha;
  Image image = without_alpha(decode(jpeg.bytes, jpeg.width, jpeg.height, kChannels, name).get(),
                              jpeg.width, jpeg.height);
  return exif == Exif::kApply ? upright(std::move(image), jpeg.orientation) : image;
}

void check_file_size(std::uintmax_t size, const std::string& name, const ImageLimits& limits) {
  if (size > limits.file_bytes) {
    throw LimitError(
        cat(name, ": an image file of ", size, " bytes; the limit is set to ", limits.file_bytes));
  }
}

}  // namespace

Image make_image(int width, int height) {
  constexpr std::int64_t kMaxPixels = std::int64_t{kMaxImageSide} * kMaxImageSide;
  if (width < 1 || height < 1) throw ShapeError(cat("an image of ", width, " x ", height));
  if (std::int64_t{width} * height > kMaxPixels) {
    throw LimitError(cat("an image of ", width, " x ", height, " pixels; at most ",
                         kMaxPixels / 1'000'000, " megapixels are supported"));
  }
  Image image{width, height, {}};
  image.rgb.resize(std::size_t{3} * static_cast<std::size_t>(width) *
                   static_cast<std::size_t>(height));
  return image;
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name, Exif exif,
                   const ImageLimits& limits) {
  check_file_size(bytes.size(), name, limits);
  const ImageBytes file(bytes, name, limits);
  if (looks_like_png(bytes)) return decode_png(file, name, exif);
  if (looks_like_jpeg(bytes)) return decode_jpeg(file, name, exif);
  if (looks_like_webp(bytes)) return decode_webp(file, exif);
  if (looks_like_gif(bytes)) return decode_gif(file);
  if (looks_like_bmp(bytes)) return decode_bmp(file);
  throw FileError(
      Fault::kMalformed, name,
      cat("byte 0: ", describe(bytes), " where JPEG, PNG, WebP, BMP or GIF was expected"));
}

Image read_image(const std::filesystem::path& path, Exif exif, const ImageLimits& limits) {
  return decode_image(read_bytes(path, limits.file_bytes), path.string(), exif, limits);
}

void write_png(const std::filesystem::path& path, const Image& image, Overwrite overwrite) {
  std::vector<std::byte> png;
  const auto append = [](void* context, void* data, int size) {
    const auto* start = static_cast<const std::byte*>(data);
    auto& out = *static_cast<std::vector<std::byte>*>(context);
    out.insert(out.end(), start, start + size);
  };
  const int stride = 3 * image.width;
  if (stbi_write_png_to_func(append, &png, image.width, image.height, 3, image.rgb.data(),
                             stride) == 0) {
    throw LimitError(
        cat(path.string(), ": cannot encode ", image.width, " x ", image.height, " pixels"));
  }
  write_file(path, png, overwrite);
}

}  // namespace vitq
