// SPDX-License-Identifier: Apache-2.0
// The header of a .npy file is a Python dictionary literal with exactly three keys. The small
// parser here accepts that much of Python and nothing more.
#include "vitq/npy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "core/text.h"
#include "io/atomic_file.h"
#include "io/mapped_file.h"
#include "io/npy.h"
#include "vitq/error.h"
#include "vitq/json.h"

namespace vitq {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeaderBytes = 65'536;
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 40;

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;
};

class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::size_t begin, const std::string& name)
      : text_(text), begin_(begin), name_(name) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      read_member(header);
      if (!accept(',') && peek() != '}') fail("expected ',' or '}'");
    }
    if (peek() != '\0' || at_ < text_.size()) fail("expected the end of the header");
    if (!header.descr || !header.fortran_order || !header.shape) {
      fail("expected the keys 'descr', 'fortran_order' and 'shape'");
    }
    return header;
  }

 private:
  [[noreturn]] void fail(std::string_view message) const {
    throw FileError(Fault::kMalformed, name_, cat("byte ", begin_ + at_, ": ", message));
  }

  // The next character that is not white space; NUL at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail(cat("expected '", wanted, "'"));
  }

  std::string read_string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("expected a string (a plain element type)");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("expected the end of the string");
    const std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return std::string(value);
  }

  bool read_boolean() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail("expected True or False");
  }

  std::int64_t read_extent() {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!digit(peek())) fail("expected a number");
    std::int64_t value = 0;
    for (; at_ < text_.size() && digit(text_[at_]); ++at_) {
      value = value * 10 + (text_[at_] - '0');
      if (value > kMaxExtent) fail(cat("expected an extent of at most ", kMaxExtent));
    }
    return value;
  }

  std::vector<std::int64_t> read_shape() {
    std::vector<std::int64_t> dims;
    expect('(');
    while (!accept(')')) {
      if (dims.size() == Shape::kMaxRank)
        fail(cat("expected at most ", Shape::kMaxRank, " dimensions"));
      dims.push_back(read_extent());
      if (!accept(',') && (dims.size() == 1 || peek() != ')')) fail("expected ','");
    }
    return dims;
  }

  void read_member(Header& header) {
    const std::string key = read_string();
    expect(':');
    if (key == "descr" && !header.descr) {
      header.descr = read_string();
    } else if (key == "fortran_order" && !header.fortran_order) {
      header.fortran_order = read_boolean();
    } else if (key == "shape" && !header.shape) {
      header.shape = read_shape();
    } else {
      fail(cat("an unexpected or second key ", Json(key).dump()));
    }
  }

  std::string_view text_;
  std::size_t begin_;
  const std::string& name_;
  std::size_t at_ = 0;
};

[[noreturn]] void malformed(const std::string& name, const std::string& message) {
  throw FileError(Fault::kMalformed, name, message);
}

// The dictionary's text, behind the magic, the version and the length.
std::string_view header_text(std::string_view file, const std::string& name) {
  if (!file.starts_with(kMagic) || file.size() < 10) {
    malformed(name,
              "byte 0: expected \\x93NUMPY, a version and a header length; this is no .npy file");
  }
  const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(file[i])}; };
  const std::size_t major = byte(6);
  if ((major != 1 && major != 2) || byte(7) != 0) {
    throw FileError(Fault::kMismatch, name,
                    cat("byte 6: found version ", major, ".", byte(7), ", expected 1.0 or 2.0"));
  }
  const std::size_t begin = major == 1 ? 10 : 12;
  if (file.size() < begin) malformed(name, "byte 8: expected a header length of 4 bytes");
  std::size_t length = byte(8) | byte(9) << 8;
  if (major == 2) length |= byte(10) << 16 | byte(11) << 24;
  const std::size_t max = std::min(kMaxHeaderBytes, file.size() - begin);
  if (length > max) {
    malformed(name, cat("byte 8: found a header length of ", length, ", expected at most ", max));
  }
  return file.substr(begin, length);
}

DType read_dtype(const Header& header, const std::string& name) {
  if (*header.fortran_order) {
    malformed(name, "found Fortran order, expected C order: save numpy.ascontiguousarray(a)");
  }
  if (*header.descr == "<f4") return DType::kF32;
  if (*header.descr == "<f8") return DType::kF64;
  if (*header.descr == "|u1") return DType::kU8;
  malformed(name, cat("found the element type ", Json(*header.descr).dump(),
                      ", expected \"<f4\", \"<f8\" or \"|u1\": save a.astype('<f4')"));
}

}  // namespace

Tensor parse_npy(std::span<const std::byte> file, const std::string& name) {
  const std::string_view all(reinterpret_cast<const char*>(file.data()), file.size());
  const std::string_view text = header_text(all, name);
  const auto begin = static_cast<std::size_t>(text.data() - all.data());
  const Header header = HeaderParser(text, begin, name).parse();
  const DType dtype = read_dtype(header, name);
  const std::span<const std::byte> data = file.subspan(begin + text.size());
  Shape shape;
  try {
    shape = Shape(*header.shape);
  } catch (const LimitError& error) {
    malformed(name, error.what());
  }
  const std::size_t size = size_of(dtype);
  if (data.size() % size != 0 || data.size() / size != static_cast<std::size_t>(shape.elements())) {
    malformed(name, cat("found ", data.size(), " bytes of data, expected ", shape.str(), " x ",
                        size, " bytes"));
  }
  Tensor tensor(shape, dtype);
  if (!data.empty()) std::memcpy(tensor.data(), data.data(), data.size());
  return dtype == DType::kU8 ? tensor : tensor.to_f32();
}

Tensor read_npy(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_npy(file.bytes(), path.string());
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor, Overwrite overwrite) {
  const bool bytes = tensor.dtype() == DType::kU8;
  if (!bytes && tensor.dtype() != DType::kF32) {
    throw ShapeError(cat("expected f32 or u8 to write as .npy, found ", name_of(tensor.dtype())));
  }
  std::string shape;
  for (const std::int64_t extent : tensor.shape().dims()) shape += cat(extent, ", ");
  if (tensor.shape().rank() > 1) shape.resize(shape.size() - 2);
  std::string header = cat("{'descr': '", bytes ? "|u1" : "<f4",
                           "', 'fortran_order': False, 'shape': (", shape, "), }");
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kPrologue = 10;
  const std::size_t used = (kPrologue + header.size() + 1) % kAlignment;
  header.append((kAlignment - used) % kAlignment, ' ').append("\n");
  AtomicFile file(path, overwrite);
  file.write(kMagic);
  const char version_and_length[] = {1, 0, static_cast<char>(header.size()), 0};
  file.write(std::string_view(version_and_length, sizeof(version_and_length)));
  file.write(header);
  file.write(std::span(tensor.data(), tensor.bytes()));
  file.commit();
}

}  // namespace vitq
