// SPDX-License-Identifier: Apache-2.0
// These broken image files are made by hand. Each is refused, with the place and the reason, and
// nothing that a stranger hands over brings the decoder down.
#include <doctest/doctest.h>

#include <string>

#include "support/golden_images.h"
#include "support/image_files.h"
#include "support/image_refusals.h"
#include "vitq/error.h"
#include "vitq/image.h"

using namespace vitq;
using namespace vitq::test;

namespace {

const std::string kRows = std::string("\0abcdef\0ghijkl", 14);  // 2 x 2 pixels, no filter

std::string png_with(const std::string& chunks) {
  return png_file({}, kRows, chunks);
}

JpegParts jpeg(std::string JpegParts::*part, const std::string& value) {
  JpegParts parts;
  parts.*part = value;
  return parts;
}

}  // namespace

TEST_CASE("the hand-made files are sound before they are broken") {
  CHECK(decode(png_file({}, kRows)).rgb[0] == 'a');
  const Image grey = decode(JpegParts().file());
  CHECK(grey.width == 8);
  CHECK(grey.rgb == std::vector<std::uint8_t>(8 * 8 * 3, 128));
}

TEST_CASE("what is no image that is read is refused by name") {
  check_malformed({{"", "an empty file"},
                   {"II*\1", "TIFF"},
                   {"<!DOCTYPE html>", "a web page"},
                   {"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
                   {std::string("\0\0\0\x18"
                                "ftypheic",
                                12),
                    "HEIC or AVIF"},
                   {std::string("RIFF\0\0\0\0WAVE", 12), "unknown signature"},
                   {"hello", "unknown signature"},
                   {"\xFF\xD8", "unknown signature"},
                   {"\x89PNG\r\n\x1a", "unknown signature"},
                   {"\xFF\xD8\xFF", "truncated"},
                   {kPngStart, "truncated"}});
}

TEST_CASE("PNG headers out of range are refused") {
  check_malformed({
      {png_file({.width = 0}, kRows), "an empty image"},
      {png_file({.height = 0}, kRows), "an empty image"},
      {png_file({.depth = 3}, kRows), "colour type 2 with 3 bits"},
      {png_file({.depth = 16, .colour = 3}, kRows), "colour type 3 with 16 bits"},
      {png_file({.colour = 5}, kRows), "colour type 5"},
      {png_file({.colour = 200}, kRows), "colour type 200"},
      {png_file({.compression = 1}, kRows), "unknown compression"},
      {png_file({.filter = 1}, kRows), "unknown compression, filter"},
      {png_file({.interlace = 2}, kRows), "interlace"},
  });
  check_refused<LimitError>(png_file({.width = 16385, .height = 1}, kRows), "16384");
  check_refused<LimitError>(png_file({.width = 0xFFFFFFFF, .height = 1}, kRows), "4294967295");
  check_refused<LimitError>(png_file({.width = 16384, .height = 16384}, kRows), "megapixels");
}

TEST_CASE("PNG chunks that are out of order, unknown or damaged are refused") {
  std::string damaged = png_with(png_chunk("tEXt", "a"));
  damaged[kPngStart.size() + 25 + 8] ^= 1;
  const std::string data = png_chunk("IDAT", zlib_stored(kRows));
  const std::string end = png_chunk("IEND", "");
  const std::string start = kPngStart + png_header({});
  const std::string palette(6, 'x');
  const std::string indexed = kPngStart + png_header({.colour = 3});
  check_malformed({
      {damaged, "checksum of chunk tEXt"},
      {kPngStart + png_chunk("CgBI", "1234") + png_header({}) + data + end, "CgBI"},
      {kPngStart + png_chunk("IHDR", "short") + data + end, "IHDR of 5 bytes"},
      {png_with(png_header({})), "IHDR is not expected"},
      {png_with(png_chunk("ABCD", "")), "ABCD is not expected"},
      {png_with(png_chunk("a1cd", "")), "four letters"},
      {start + big_endian(0x80000000U, 4) + "IDAT", "chunk length"},
      {start + big_endian(0x7FFFFFFFU, 4) + "IDAT", "truncated"},
      {start + end, "no image data"},
      {start + data + png_chunk("tEXt", "") + data + end, "follow each other"},
      {start + data, "truncated"},
      {indexed + data + end, "palette (PLTE) is missing"},
      {indexed + png_chunk("PLTE", "1234") + data + end, "a palette of 4 bytes"},
      {indexed + png_chunk("PLTE", std::string(771, 'x')) + data + end, "771 bytes"},
      {indexed + png_chunk("PLTE", "") + data + end, "a palette of 0 bytes"},
      {indexed + png_chunk("PLTE", palette) + png_chunk("PLTE", palette) + data + end, "belong"},
      {indexed + data + png_chunk("PLTE", palette) + end, "belong"},
      {kPngStart + png_header({.colour = 0}) + png_chunk("PLTE", palette) + data + end, "belong"},
  });
}

TEST_CASE("PNG data that inflate to less than the image are refused") {
  const std::string start = kPngStart + png_header({});
  const auto with_data = [&](const std::string& data) {
    return start + png_chunk("IDAT", data) + png_chunk("IEND", "");
  };
  check_malformed({
      {png_file({}, kRows.substr(0, 13)), "do not hold the 14 bytes"},
      {png_file({.width = 16384, .height = 6000}, kRows), "do not hold"},
      {png_file({}, std::string("\5abcdef\0ghijkl", 14)), "damaged"},
      {with_data(zlib_stored(kRows).substr(0, 9)), "damaged"},
      {with_data("not zlib"), "damaged"},
      {with_data("x"), "damaged"},
  });
}

TEST_CASE("of PNG data that inflate to more than the image the rest is ignored") {
  const Image whole = decode(png_file({}, kRows));
  CHECK(decode(png_file({}, kRows + "x")).rgb == whole.rgb);
  CHECK(decode(png_file({}, kRows + std::string(60000, 'x'))).rgb == whole.rgb);
  CHECK(decode(png_file({}, kRows + std::string(65535 - 14, 'x'))).rgb == whole.rgb);
}

TEST_CASE("a pixel beyond the palette is black, not whatever lies in memory") {
  const std::string file =
      png_file({.colour = 3}, std::string("\0\0\1\0\2\xFF", 6), png_chunk("PLTE", "abcdef"));
  const Image image = decode(file);
  CHECK(image.rgb[3] == 'd');
  for (std::size_t i = 6; i < 12; ++i) CHECK(image.rgb[i] == 0);
}

TEST_CASE("JPEG frame headers out of range are refused") {
  const auto frame = [](unsigned marker, const std::string& payload) {
    return jpeg(&JpegParts::frame, jpeg_segment(marker, payload)).file();
  };
  const auto component = [](std::string_view bytes) {
    return big_endian(8, 1) + big_endian(8, 2) + big_endian(8, 2) + std::string(bytes);
  };
  using Parts = JpegParts;
  check_malformed({
      {frame(0xC0, Parts::frame_payload(8, 0, 8)), "an empty image"},
      {frame(0xC0, Parts::frame_payload(8, 8, 0)), "an empty image"},
      {frame(0xC0, "short"), "too short"},
      {frame(0xC0, Parts::frame_payload(8, 8, 8) + "x"), "wrong length"},
      {frame(0xC0, component({"\x01\x01\x01\x00", 4})), "out of range"},
      {frame(0xC0, component({"\x01\x01\x15\x00", 4})), "out of range"},
      {frame(0xC0, component({"\x01\x01\x11\x04", 4})), "out of range"},
      {frame(0xC0, component({"\x03\x01\x11\x00\x01\x11\x00\x02\x11\x00", 10})), "of one name"},
      {frame(0xC0, component({"\x03\x01\x31\x00\x02\x21\x00\x03\x11\x00", 10})), "divide"},
      {frame(0xC0, Parts::frame_payload(8, 9000, 9000)), "cannot hold"},
      {frame(0xC0, Parts::frame_payload(8, 8, 8)).insert(2, Parts().frame), "a second frame"},
  });
  check_refused<LimitError>(frame(0xC0, Parts::frame_payload(8, 8, 16385)), "16384");
  check_refused<LimitError>(frame(0xC0, Parts::frame_payload(8, 16000, 16000)), "megapixels");
  check_refused<UnsupportedError>(frame(0xC1, Parts::frame_payload(12, 8, 8)), "12 bits");
  check_refused<UnsupportedError>(frame(0xC3, Parts::frame_payload(8, 8, 8)), "lossless");
  check_refused<UnsupportedError>(frame(0xC9, Parts::frame_payload(8, 8, 8)), "arithmetic");
  check_refused<UnsupportedError>(frame(0xCC, "x"), "arithmetic");
  check_refused<UnsupportedError>(frame(0xC0, component({"\x02\x01\x11\x00\x02\x11\x00", 7})),
                                  "2 channels");
}

TEST_CASE("JPEG tables that do not fit or make no prefix code are refused") {
  const auto huffman = [](const std::string& payload) {
    return jpeg(&JpegParts::huffman, jpeg_segment(0xC4, payload)).file();
  };
  const auto quantizer = [](const std::string& payload) {
    return jpeg(&JpegParts::quantizer, jpeg_segment(0xDB, payload)).file();
  };
  const std::string dense = std::string(9, '\0') + "\xFF\xFF" + std::string(5, '\0');
  check_malformed({
      {huffman("short"), "too short"},
      {huffman(JpegParts::table(0x20)), "no such Huffman"},
      {huffman(JpegParts::table(0x04)), "no such Huffman"},
      {huffman(JpegParts::table(0x00)), "Huffman table that was not defined"},
      {huffman(std::string("\0\3", 2) + std::string(15, '\0') + "abc"), "more codes"},
      {huffman(std::string(1, '\0') + dense + std::string(510, 'x')), "510 values"},
      {huffman(std::string("\0\2", 2) + std::string(15, '\0') + "a"), "DHT segment of wrong"},
      {quantizer("\x20"), "no such quantization"},
      {quantizer("\x04"), "no such quantization"},
      {quantizer(std::string(64, '\0')), "DQT segment of wrong"},
      {quantizer("\x01" + std::string(64, '\1')), "quantization table that was not defined"},
  });
}

TEST_CASE("JPEG scans and segments that contradict the frame are refused") {
  const auto scan = [](std::string_view payload) {
    return jpeg(&JpegParts::scan, jpeg_segment(0xDA, payload)).file();
  };
  const std::string whole = JpegParts().file();
  JpegParts progressive;
  progressive.frame[1] = '\xC2';
  JpegParts twice;
  twice.data += twice.scan + twice.data;
  check_malformed({
      {scan(""), "scan header of wrong"},
      {scan({"\x02\x01\x00\x01\x00\x00\x3F\x00", 8}), "scan header of wrong"},
      {scan({"\x01\x07\x00\x00\x3F\x00", 6}), "does not have"},
      {scan({"\x01\x01\x44\x00\x3F\x00", 6}), "was not defined"},
      {scan({"\x01\x01\x00\x01\x3F\x00", 6}), "partial scan"},
      {progressive.file(), "contradictory"},
      {twice.file(), "coded twice"},
      {jpeg(&JpegParts::frame, "").file(), "before the frame"},
      {jpeg(&JpegParts::scan, "").file(), "without an image"},
      {jpeg(&JpegParts::end, "").file(), "truncated"},
      {jpeg(&JpegParts::end, "\xFF").file(), "truncated"},
      {jpeg(&JpegParts::quantizer, "\xFF\xD8").file(), "not expected"},
      {jpeg(&JpegParts::quantizer, "\xFF\xD0").file(), "not expected"},
      {jpeg(&JpegParts::quantizer, jpeg_segment(0xF0, "x")).file(), "not expected"},
      {jpeg(&JpegParts::quantizer, std::string("\xFF\xDD\0\3x", 5)).file(), "DRI"},
      {jpeg(&JpegParts::quantizer, std::string("\xFF\xE0\0\1", 4)).file(), "segment length of 1"},
      {"\xFF\xD8\xFF\xD9", "without an image"},
  });
}

TEST_CASE("bytes before a marker of a JPEG that belong to nothing are skipped") {
  JpegParts junk;
  const Image whole = decode(junk.file());
  for (std::string JpegParts::*part : {&JpegParts::frame, &JpegParts::huffman, &JpegParts::scan}) {
    JpegParts parts;
    parts.*part = std::string("junk\xFF\0\1", 7) + parts.*part;
    CHECK(decode(parts.file()).rgb == whole.rgb);
  }
}

TEST_CASE("four channels without Adobe's mark are refused by name") {
  const GoldenImages golden;
  const std::vector<std::byte> bytes = golden.file("cmyk.jpg");
  std::string file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  CHECK_NOTHROW((void)decode(file));
  file[file.find("Adobe")] = 'a';
  check_refused<UnsupportedError>(file, "four channels");
}

TEST_CASE("an image cut off anywhere is refused") {
  const GoldenImages golden;
  for (const std::string name : {"exif_6.jpg", "progressive_grey.jpg", "restarts.jpg", "cmyk.jpg",
                                 "palette_alpha.png", "interlaced_narrow.png"}) {
    const std::vector<std::byte> whole = golden.file(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::span<const std::byte> part = std::span(whole).first(size);
      CHECK_THROWS_AS_MESSAGE((void)decode_image(part, name, Exif::kApply), FileError,
                              name << " cut to " << size << " bytes");
    }
  }
}

TEST_CASE("a flipped bit never crashes, and in a PNG it never passes") {
  const GoldenImages golden;
  for (const std::string name : {"exif_5.jpg", "progressive_420.jpg", "restarts.jpg", "ycck.jpg",
                                 "interlaced_narrow.png", "palette_2bit.png"}) {
    std::vector<std::byte> bytes = golden.file(name);
    int accepted = 0;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      const std::byte mask = std::byte{1} << (bit % 8);
      bytes[bit / 8] ^= mask;
      try {
        (void)decode_image(bytes, name, Exif::kApply);
        ++accepted;
      } catch (const Error&) {
      }
      bytes[bit / 8] ^= mask;
    }
    if (name.ends_with(".png")) CHECK(accepted == 0);
  }
}
