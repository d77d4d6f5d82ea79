// SPDX-License-Identifier: Apache-2.0
// Reads and validates the header of a safetensors file. Nothing is allocated by a size that the
// file states before that size has been compared with the file's own.
#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "core/checked.h"
#include "core/text.h"
#include "io/foreign_file.h"
#include "io/safetensors.h"
#include "vitq/error.h"

namespace vitq::safetensors {
namespace {

constexpr std::array<std::pair<std::string_view, DType>, 8> kSpellings = {{
    {"F64", DType::kF64},
    {"F32", DType::kF32},
    {"F16", DType::kF16},
    {"BF16", DType::kBF16},
    {"I64", DType::kS64},
    {"I32", DType::kS32},
    {"I8", DType::kS8},
    {"U8", DType::kU8},
}};
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;
constexpr std::int64_t kMaxOffset = std::int64_t{1} << 53;

[[noreturn]] void malformed(const std::string& name, const std::string& message) {
  throw FileError(Fault::kMalformed, name, message);
}

// The JSON text of the header.
std::string_view header_text(std::span<const std::byte> file, const std::string& name) {
  if (file.size() < kLengthBytes) {
    malformed(name, cat("byte 0: expected the 8 bytes of the header length, found a file of ",
                        file.size(), " bytes"));
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | std::to_integer<std::uint64_t>(file[i]);
  }
  const std::size_t max = std::min(kMaxHeaderBytes, file.size() - kLengthBytes);
  if (length < 2 || length > max) {
    if (const std::string what = foreign_file(file); !what.empty()) malformed(name, what);
    malformed(name, cat("byte 0: found a header length of ", length, ", expected 2 to ", max,
                        max == kMaxHeaderBytes ? " (the limit)" : " (the rest of the file)"));
  }
  const auto* text = reinterpret_cast<const char*>(file.data() + kLengthBytes);
  if (text[0] != '{') malformed(name, "byte 8: expected the header to begin with '{'");
  return {text, static_cast<std::size_t>(length)};
}

void check_name(const std::string& name, const Json& value) {
  if (name.empty()) value.fail("found an empty tensor name");
  if (name.size() > kMaxNameBytes) {
    value.fail(
        cat("a tensor name of ", name.size(), " bytes, at most ", kMaxNameBytes, " are expected"));
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(name.begin(), name.end(), control)) {
    value.fail("found a control character in a tensor name");
  }
}

DType read_dtype(const Json& json) {
  const std::string found = json.string();
  const auto spelling = std::find_if(kSpellings.begin(), kSpellings.end(),
                                     [&](const auto& entry) { return entry.first == found; });
  if (spelling != kSpellings.end()) return spelling->second;
  json.fail(cat("found the element type ", Json(found).dump(),
                ", expected F64, F32, F16, BF16, I64, I32, I8 or U8"));
}

Shape read_shape(const Json& json) {
  const std::vector<Json> extents = json.items();
  if (extents.size() > Shape::kMaxRank) {
    json.fail(cat("found ", extents.size(), " dimensions, expected at most ", Shape::kMaxRank));
  }
  std::vector<std::int64_t> dims;
  dims.reserve(extents.size());
  for (const Json& extent : extents) dims.push_back(extent.integer(0, kMaxExtent));
  try {
    return Shape(dims);
  } catch (const LimitError& error) {
    json.fail(error.what());
  }
}

Entry read_entry(const std::string& name, const Json& json) {
  check_name(name, json);
  Entry entry = {name, read_dtype(json.at("dtype")), read_shape(json.at("shape"))};
  const Json place = json.at("data_offsets");
  const std::vector<Json> offsets = place.items();
  if (offsets.size() != 2) {
    place.fail(cat("expected two offsets, begin and end, found ", offsets.size()));
  }
  const std::int64_t begin = offsets[0].integer(0, kMaxOffset);
  const std::int64_t end = offsets[1].integer(0, kMaxOffset);
  if (begin > end) place.fail(cat("begin ", begin, " lies behind end ", end));
  std::int64_t expected = 0;
  if (__builtin_mul_overflow(entry.shape.elements(),
                             static_cast<std::int64_t>(size_of(entry.dtype)), &expected) ||
      end - begin != expected) {
    place.fail(cat("found ", end - begin, " bytes, expected ", entry.shape.str(), " x ",
                   size_of(entry.dtype), " bytes of ", spelling_of(entry.dtype)));
  }
  entry.begin = static_cast<std::size_t>(begin);
  entry.end = static_cast<std::size_t>(end);
  return entry;
}

void read_metadata(const Json& json, Header& header) {
  for (const auto& [key, value] : json.members()) header.metadata.emplace(key, value.string());
}

// The data section must be the tensors, all of them, and nothing else.
void check_layout(std::vector<Entry>& entries, std::size_t data_bytes, const std::string& name) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::size_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      malformed(name, cat("the tensor ", Json(entry.name).dump(), " begins at data byte ",
                          entry.begin, ", expected ", end,
                          entry.begin < end ? " (tensors overlap)" : " (bytes without owner)"));
    }
    end = entry.end;
  }
  if (end != data_bytes) {
    malformed(name, cat("found ", data_bytes, " bytes of data, expected ", end, ": the file is ",
                        data_bytes < end ? "truncated" : "too long"));
  }
}

}  // namespace

std::string_view spelling_of(DType dtype) {
  for (const auto& [spelling, type] : kSpellings) {
    if (type == dtype) return spelling;
  }
  return "?";
}

Header parse_header(std::string_view text, std::size_t data_bytes, const std::string& name) {
  const Json json = Json::parse(text, name, {.depth = 8, .bytes = kMaxHeaderBytes});
  const auto members = json.members();
  Header header;
  header.data_begin = kLengthBytes + text.size();
  const std::size_t tensors = members.size() - (json.contains(kMetadataKey) ? 1 : 0);
  if (tensors > kMaxTensors) {
    throw LimitError(cat(name, ": ", tensors, " tensors, at most ", kMaxTensors));
  }
  for (const auto& [key, value] : members) {
    if (key == kMetadataKey) {
      read_metadata(value, header);
    } else {
      header.entries.push_back(read_entry(key, value));
    }
  }
  check_layout(header.entries, data_bytes, name);
  return header;
}

Header parse_header(std::span<const std::byte> file, const std::string& name) {
  const std::string_view text = header_text(file, name);
  return parse_header(text, file.size() - kLengthBytes - text.size(), name);
}

}  // namespace vitq::safetensors
