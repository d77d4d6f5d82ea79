// SPDX-License-Identifier: Apache-2.0
// Images in and out. The only file that includes stb, which sees nothing but memory, and only
// what the checks of png.h and jpeg.h have let through.
#include "vitq/image.h"

#include <cstring>
#include <memory>

#include "io/exif.h"
#include "io/files.h"
#include "io/jpeg.h"
#include "io/png.h"

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

// Runs stb on a checked file; the size must come out as the header says.
Image decode(std::span<const std::byte> bytes, int width, int height, const std::string& name) {
  int found_width = 0;
  int found_height = 0;
  int channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(octets(bytes), static_cast<int>(bytes.size()), &found_width,
                            &found_height, &channels, STBI_rgb),
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
  Image image = make_image(width, height);
  std::memcpy(image.rgb.data(), pixels.get(), image.rgb.size());
  return image;
}

// The stream must inflate to exactly the rows of the image: fewer bytes are a truncation, more
// are a bomb. Inflating into a buffer of that size bounds the memory.
void check_inflated_size(const CheckedPng& png, const std::string& name) {
  constexpr std::size_t kDeflateRatio = 1032;  // the most that deflate can compress
  bool matches = png.inflated_bytes / kDeflateRatio <= png.compressed.size();
  if (matches) {
    std::vector<char> rows(png.inflated_bytes);
    const int written =
        stbi_zlib_decode_buffer(rows.data(), static_cast<int>(rows.size()),
                                reinterpret_cast<const char*>(png.compressed.data()),
                                static_cast<int>(png.compressed.size()));
    matches = written >= 0 && static_cast<std::size_t>(written) == rows.size();
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
  constexpr Format kFormats[] = {{"GIF8", "GIF"}, {"BM", "BMP"},        {"II*", "TIFF"},
                                 {"MM", "TIFF"},  {"RIFF", "WebP"},     {"P6", "PPM"},
                                 {"8BPS", "PSD"}, {"#?RADIANCE", "HDR"}};
  if (bytes.empty()) return "an empty file";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Format& format : kFormats) {
    if (text.starts_with(format.start)) return cat("what seems to be ", format.name);
  }
  return "an unknown signature";
}

Image decode_png(const ImageBytes& file, const std::string& name) {
  const CheckedPng png = check_png(file);
  check_inflated_size(png, name);
  return decode(png.bytes, png.width, png.height, name);
}

Image decode_jpeg(const ImageBytes& file, const std::string& name, Exif exif) {
  const CheckedJpeg jpeg = check_jpeg(file);
  Image image = decode(jpeg.bytes, jpeg.width, jpeg.height, name);
  return exif == Exif::kApply ? upright(std::move(image), jpeg.orientation) : image;
}

void check_file_size(std::uintmax_t size, const std::string& name) {
  if (size > kMaxImageBytes) {
    throw LimitError(cat(name, ": an image file of ", size, " bytes; at most ", kMaxImageBytes,
                         " are supported"));
  }
}

}  // namespace

Image make_image(int width, int height) {
  if (width < 1 || height < 1) throw ShapeError(cat("an image of ", width, " x ", height));
  if (std::int64_t{width} * height > kMaxImagePixels) {
    throw LimitError(cat("an image of ", width, " x ", height, " pixels; at most ",
                         kMaxImagePixels / 1'000'000, " megapixels are supported"));
  }
  Image image{width, height, {}};
  image.rgb.resize(std::size_t{3} * static_cast<std::size_t>(width) *
                   static_cast<std::size_t>(height));
  return image;
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name, Exif exif) {
  check_file_size(bytes.size(), name);
  const ImageBytes file(bytes, name);
  if (looks_like_png(bytes)) return decode_png(file, name);
  if (looks_like_jpeg(bytes)) return decode_jpeg(file, name, exif);
  throw FileError(Fault::kMalformed, name,
                  cat("byte 0: ", describe(bytes), " where JPEG or PNG was expected"));
}

Image read_image(const std::filesystem::path& path, Exif exif) {
  return decode_image(read_bytes(path, kMaxImageBytes), path.string(), exif);
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
