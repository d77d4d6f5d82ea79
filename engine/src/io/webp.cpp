// SPDX-License-Identifier: Apache-2.0
// The only file that includes libwebp. Its demultiplexer checks the container and names the frame;
// sizes are compared with the limits before the decoder is called.
#include "io/webp.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "io/exif.h"

namespace vitq {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;

std::span<const std::byte> bytes_of(const WebPData& data) {
  return {reinterpret_cast<const std::byte*>(data.bytes), data.size};
}

Demuxer open(const ImageBytes& file) {
  const WebPData data = {reinterpret_cast<const std::uint8_t*>(file.all().data()), file.size()};
  Demuxer demuxer(WebPDemux(&data), WebPDemuxDelete);
  if (demuxer == nullptr) file.fail(0, "the chunks of this WebP are damaged or truncated");
  file.check_size(0, WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH),
                  WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT));
  return demuxer;
}

// The stream of the frame may state another size than its chunk does.
Image decode_frame(const ImageBytes& file, const WebPIterator& frame) {
  int width = 0;
  int height = 0;
  const WebPData& data = frame.fragment;
  if (WebPGetInfo(data.bytes, data.size, &width, &height) == 0 || width != frame.width ||
      height != frame.height) {
    file.fail(0, "a frame of this WebP contradicts its chunk");
  }
  Image image = make_image(width, height);
  if (WebPDecodeRGBInto(data.bytes, data.size, image.rgb.data(), image.rgb.size(), 3 * width) ==
      nullptr) {
    file.fail(0, "the image data of this WebP are damaged or truncated");
  }
  return image;
}

int orientation_of(const WebPDemuxer* demuxer) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);  // which some writers put in, too
  WebPChunkIterator chunk = {};
  int orientation = 1;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) != 0) {
    std::span<const std::byte> tiff = bytes_of(chunk.chunk);
    const std::string_view text(reinterpret_cast<const char*>(tiff.data()), tiff.size());
    if (text.starts_with(kPrefix)) tiff = tiff.subspan(kPrefix.size());
    orientation = exif_orientation(tiff);
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

}  // namespace

Image decode_webp(const ImageBytes& file, Exif exif) {
  const Demuxer demuxer = open(file);
  WebPIterator frame = {};
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0) file.fail(0, "a WebP without an image");
  const std::unique_ptr<WebPIterator, decltype(&WebPDemuxReleaseIterator)> release(
      &frame, WebPDemuxReleaseIterator);
  Image image = decode_frame(file, frame);
  const auto width = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH));
  const auto height = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT));
  if (image.width != width || image.height != height) {
    Image canvas = make_image(width, height);
    for (int y = 0; y < image.height; ++y) {
      std::copy_n(image.row(y), std::ptrdiff_t{3} * image.width,
                  canvas.row(frame.y_offset + y) + std::ptrdiff_t{3} * frame.x_offset);
    }
    image = std::move(canvas);
  }
  return exif == Exif::kApply ? upright(std::move(image), orientation_of(demuxer.get())) : image;
}

}  // namespace vitq
