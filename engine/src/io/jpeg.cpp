// SPDX-License-Identifier: Apache-2.0
// This file walks the segments of a JPEG. A decoder that is handed a file which passes reads no
// table, component or coefficient that was never defined. Nor is it kept busy by sizes that the
// data cannot fill.
#include "io/jpeg.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "io/exif.h"
#include "io/jpeg_frame.h"
#include "io/jpeg_tables.h"

namespace vitq {
namespace {

enum Marker : unsigned {
  kTem = 0x01,
  kSof0 = 0xC0,
  kSof2 = 0xC2,
  kDht = 0xC4,
  kJpg = 0xC8,
  kDac = 0xCC,
  kSof15 = 0xCF,
  kRst0 = 0xD0,
  kRst7 = 0xD7,
  kSoi = 0xD8,
  kEoi = 0xD9,
  kSos = 0xDA,
  kDqt = 0xDB,
  kDnl = 0xDC,
  kDri = 0xDD,
  kApp0 = 0xE0,
  kApp1 = 0xE1,
  kApp14 = 0xEE,
  kApp15 = 0xEF,
  kCom = 0xFE,
};

std::string in_hex(unsigned number) {
  std::array<char, 8> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
  return {digits.begin(), end};
}

class JpegWalk {
 public:
  explicit JpegWalk(const ImageBytes& file) : file_(file) {}

  CheckedJpeg run() {
    std::size_t at = 2;
    for (;;) {
      const unsigned marker = next_marker(at);
      if (marker == kEoi) break;
      if (stands_alone(marker)) refuse_marker(at - 2, marker);
      const Segment segment = next_segment(at);
      read_segment(marker, segment);
      if (marker == kSos) at = end_of_scan(at);
    }
    finish(at);
    std::span<const std::byte> bytes = file_.range(0, at);
    if (kept_to_ > 0) {
      keep(at);
      bytes = kept_;
    }
    return {static_cast<int>(frame_.width), static_cast<int>(frame_.height), orientation_, bytes,
            std::move(kept_)};
  }

 private:
  // Bytes that belong to no segment are skipped up to the next marker, an escaped 0xFF among them.
  unsigned next_marker(std::size_t& at) {
    const std::size_t start = at;
    for (;; ++at) {
      if (file_.u8(at) == 0xFF && file_.u8(at + 1) != 0) break;
    }
    if (at > start) {
      keep(start);
      kept_to_ = at;
    }
    while (file_.u8(at) == 0xFF) ++at;
    return file_.u8(at++);
  }

  // Takes over what has not been skipped up to here.
  void keep(std::size_t to) {
    const auto part = file_.range(kept_to_, to - kept_to_);
    kept_.insert(kept_.end(), part.begin(), part.end());
    kept_to_ = to;
  }

  static bool stands_alone(unsigned marker) {
    return marker == kTem || (marker >= kRst0 && marker <= kSoi);
  }

  [[noreturn]] void refuse_marker(std::size_t at, unsigned marker) const {
    file_.fail(at, cat("marker 0xFF", in_hex(marker), " is not expected here"));
  }

  Segment next_segment(std::size_t& at) const {
    const std::size_t length = file_.u16(at);
    if (length < 2) file_.fail(at, cat("a segment length of ", length));
    const Segment segment{at + 2, length - 2};
    (void)file_.range(segment.at, segment.size);
    at += length;
    return segment;
  }

  void read_segment(unsigned marker, const Segment& segment) {
    switch (marker) {
      case kDht: return tables_.read_huffman(file_, segment);
      case kDqt: return tables_.read_quantizers(file_, segment);
      case kSos: return read_scan(segment);
      case kApp1: return read_exif(segment);
      case kApp14: return read_adobe(segment);
      case kDri:
        if (segment.size != 2) file_.fail(segment.at, "a DRI segment of the wrong length");
        return;
      case kDac: file_.unsupported("arithmetic-coded JPEG; save it as baseline JPEG or PNG");
      case kDnl:
      case kCom: return;
      default: break;
    }
    if (marker >= kApp0 && marker <= kApp15) return;
    if (marker >= kSof0 && marker <= kSof15 && marker != kJpg) return read_frame(marker, segment);
    refuse_marker(segment.at - 4, marker);
  }

  void read_frame(unsigned marker, const Segment& segment) {
    if (marker > kSof2) {
      file_.unsupported(
          "lossless, hierarchical or arithmetic-coded JPEG; save it as baseline JPEG or PNG");
    }
    if (!frame_.components.empty()) file_.fail(segment.at, "a second frame");
    frame_ = read_jpeg_frame(file_, segment, marker == kSof2);
  }

  void read_scan(const Segment& segment) {
    if (frame_.components.empty()) file_.fail(segment.at, "a scan before the frame header");
    if (++scans_ > kMaxScans) file_.beyond_limit(cat("JPEG of over ", kMaxScans, " scans"));
    const std::size_t count = segment.size > 0 ? file_.u8(segment.at) : 0;
    if (count < 1 || count > frame_.components.size() || segment.size != 4 + 2 * count) {
      file_.fail(segment.at, "a scan header of wrong length");
    }
    const Scan scan = scan_parameters(segment.at + 1 + 2 * count, count);
    unsigned blocks = 0;
    for (std::size_t i = 0; i < count; ++i) {
      JpegComponent& component = scanned_component(segment.at + 1 + 2 * i, scan);
      blocks += component.horizontal * component.vertical;
    }
    if (count > 1 && blocks > 10) file_.fail(segment.at, "more than ten blocks in a unit");
  }

  struct Scan {
    bool first_dc;  // codes coefficient 0 for the first time
    bool needs_dc;  // Huffman tables
    bool needs_ac;
  };

  Scan scan_parameters(std::size_t at, std::size_t count) const {
    const unsigned start = file_.u8(at);
    const unsigned end = file_.u8(at + 1);
    const unsigned high = file_.u8(at + 2) >> 4;
    const unsigned low = file_.u8(at + 2) & 15U;
    if (!frame_.progressive) {
      if (start != 0 || high != 0 || low != 0) file_.fail(at, "a partial scan in a baseline file");
      return {true, true, true};
    }
    const bool dc = start == 0;
    if (start > end || end > 63 || high > 13 || low > 13 || (dc && end != 0) ||
        (!dc && count != 1) || (high != 0 && high != low + 1)) {
      file_.fail(at, "contradictory parameters of a progressive scan");
    }
    return {dc && high == 0, dc && high == 0, !dc};
  }

  JpegComponent& scanned_component(std::size_t at, const Scan& scan) {
    JpegComponent* component = frame_.find(file_.u8(at));
    if (component == nullptr) file_.fail(at, "a scan of a component that the frame does not have");
    const unsigned dc = file_.u8(at + 1) >> 4;
    const unsigned ac = file_.u8(at + 1) & 15U;
    if (dc > 3 || ac > 3 || (scan.needs_dc && !tables_.has_dc(dc)) ||
        (scan.needs_ac && !tables_.has_ac(ac))) {
      file_.fail(at, "a scan needs a Huffman table that was not defined");
    }
    if (!tables_.has_quantizer(component->quantizer)) {
      file_.fail(at, "a scan needs a quantization table that was not defined");
    }
    if (scan.first_dc == component->coded) {
      file_.fail(at, "a component coded twice, or refined before it was coded");
    }
    component->coded = true;
    return *component;
  }

  // Entropy-coded data end at the first marker that is neither a stuffed byte nor a restart.
  std::size_t end_of_scan(std::size_t at) {
    const std::size_t start = at;
    const std::span<const std::byte> bytes = file_.all();
    while (at + 1 < bytes.size()) {
      const void* found = std::memchr(bytes.data() + at, 0xFF, bytes.size() - 1 - at);
      if (found == nullptr) break;
      at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
      const unsigned next = file_.u8(at + 1);
      if (next != 0 && next != 0xFF && (next < kRst0 || next > kRst7)) {
        coded_bytes_ += at - start;
        return at;
      }
      ++at;
    }
    file_.fail(bytes.size(), "truncated: the image data end without an EOI marker");
  }

  void read_exif(const Segment& segment) {
    constexpr std::array<char, 6> kExif = {'E', 'x', 'i', 'f', 0, 0};
    const std::span<const std::byte> payload = file_.range(segment.at, segment.size);
    if (exif_seen_ || payload.size() < kExif.size() ||
        std::memcmp(payload.data(), kExif.data(), kExif.size()) != 0) {
      return;
    }
    exif_seen_ = true;
    orientation_ = exif_orientation(payload.subspan(kExif.size()));
  }

  void read_adobe(const Segment& segment) {
    const std::span<const std::byte> payload = file_.range(segment.at, segment.size);
    if (payload.size() < 12 || std::memcmp(payload.data(), "Adobe", 5) != 0) return;
    const unsigned transform = file_.u8(segment.at + 11);
    adobe_cmyk_ = transform == 0 || transform == 2;
  }

  void finish(std::size_t at) const {
    if (frame_.components.empty() || scans_ == 0) file_.fail(at, "a JPEG without an image");
    for (const JpegComponent& component : frame_.components) {
      if (!component.coded) file_.fail(at, "a component without data");
    }
    // A block costs at least one bit for its DC coefficient and, in a baseline file, one for AC.
    const std::uint64_t bits = frame_.progressive ? frame_.blocks() : 2 * frame_.blocks();
    if (coded_bytes_ < bits / 8) {
      file_.fail(at, cat("truncated: ", coded_bytes_, " bytes of data cannot hold ", frame_.width,
                         " x ", frame_.height, " pixels"));
    }
    if (frame_.components.size() == 4 && !adobe_cmyk_) {
      file_.unsupported("JPEG of four channels without Adobe's CMYK mark; save it as RGB");
    }
  }

  static constexpr int kMaxScans = 100;

  const ImageBytes& file_;
  JpegFrame frame_;
  JpegTables tables_;
  std::vector<std::byte> kept_;  // the file up to kept_to_, without what was skipped
  std::size_t kept_to_ = 0;
  std::uint64_t coded_bytes_ = 0;
  int scans_ = 0;
  int orientation_ = 1;
  bool exif_seen_ = false;
  bool adobe_cmyk_ = false;
};

}  // namespace

bool looks_like_jpeg(std::span<const std::byte> bytes) {
  return bytes.size() >= 3 && bytes[0] == std::byte{0xFF} && bytes[1] == std::byte{0xD8} &&
         bytes[2] == std::byte{0xFF};
}

CheckedJpeg check_jpeg(const ImageBytes& file) {
  return JpegWalk(file).run();
}

}  // namespace vitq
