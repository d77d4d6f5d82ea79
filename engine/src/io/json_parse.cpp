// SPDX-License-Identifier: Apache-2.0
// Parsing is strict: nlohmann's lexer reads the tokens, and the handler here builds the tree. The
// handler refuses duplicate keys and whatever exceeds the limits before it is stored.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <vector>

#include "core/text.h"
#include "io/files.h"
#include "io/json_dom.h"
#include "vitq/error.h"

namespace vitq {
namespace {

[[noreturn]] void refuse_nul(const std::string& source, std::size_t byte) {
  throw FileError(Fault::kMalformed, source, cat("byte ", byte, ": not valid JSON: a NUL byte"));
}

class TreeBuilder {
 public:
  using number_integer_t = JsonTree::number_integer_t;
  using number_unsigned_t = JsonTree::number_unsigned_t;
  using number_float_t = JsonTree::number_float_t;
  using string_t = JsonTree::string_t;
  using binary_t = JsonTree::binary_t;

  TreeBuilder(const std::string& source, const Json::Limits& limits, const TakeElement& take)
      : source_(source), limits_(limits), take_(take) {}

  JsonTree take() { return std::move(root_); }

  bool null() { return scalar(nullptr); }
  bool boolean(bool value) { return scalar(value); }
  bool number_integer(number_integer_t value) {
    // Only a written minus sign leads here, so zero is "-0": a number, yet no integer.
    return value == 0 ? scalar(-0.0) : scalar(value);
  }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return scalar(value);
    return scalar(static_cast<number_integer_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) { return scalar(value); }
  bool string(string_t& value) {
    check_length(value);
    return scalar(std::move(value));
  }
  bool binary(binary_t&) { return false; }

  bool start_object(std::size_t) { return open(JsonTree::object()); }
  bool key(string_t& name) {
    count_token();
    check_length(name);
    Level& level = levels_.back();
    if (!level.keys.insert(name).second)
      fail(cat("the key ", vitq::quoted(name), " occurs twice"), false);
    level.key = std::move(name);
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(JsonTree::array()); }
  bool end_array() { return close(); }

  template <typename Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception& exception) {
    // nlohmann writes "[json.exception.N] parse error at line L, column C: REASON".
    std::string reason = exception.what();
    reason.erase(0, reason.find("] ") + 2);
    if (reason.starts_with("parse error at")) reason.erase(0, reason.find(": ") + 2);
    throw FileError(Fault::kMalformed, source_,
                    cat("byte ", position, ": not valid JSON: ", printable(reason)));
  }

 private:
  struct Level {
    JsonTree* container = nullptr;
    // A tree and not a hash table: hostile keys must not make this quadratic.
    std::set<std::string> keys;
    std::string key;
    std::size_t elements = 0;  // that were added, taken ones included
  };

  static std::string printable(std::string text) {
    constexpr std::size_t kMax = 200;
    if (text.size() > kMax) text = text.substr(0, kMax) + "...";
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
  }

  // Of the container being filled, or of the value about to be added to it.
  std::string place(bool of_value) const {
    std::string path = "$";
    for (const Level& level : levels_) {
      const bool innermost = &level == &levels_.back();
      if (innermost && !of_value) break;
      const std::size_t index = level.elements - (innermost ? 0 : 1);
      path += level.container->is_object() ? place_of_member(level.key) : place_of_element(index);
    }
    return path;
  }

  [[noreturn]] void fail(const std::string& message, bool of_value = true) const {
    throw FileError(Fault::kMalformed, source_, cat(place(of_value), ": ", message));
  }

  void count_token() {
    if (++tokens_ > limits_.tokens) fail(cat("more than ", limits_.tokens, " values and keys"));
  }

  void check_length(const std::string& text) const {
    if (text.size() <= limits_.string_bytes) return;
    fail(cat("a string of ", text.size(), " bytes, at most ", limits_.string_bytes,
             " are expected"));
  }

  JsonTree& add(JsonTree value) {
    count_token();
    if (levels_.empty()) return root_ = std::move(value);
    Level& level = levels_.back();
    ++level.elements;
    if (level.container->is_array()) {
      auto& elements = level.container->get_ref<JsonTree::array_t&>();
      return elements.emplace_back(std::move(value));
    }
    // Straight into the underlying vector: the map's own insertion searches all keys each time.
    auto& members = level.container->get_ref<JsonTree::object_t&>();
    return members.emplace_back(level.key, std::move(value)).second;
  }

  bool scalar(JsonTree value) {
    add(std::move(value));
    return complete();
  }

  bool open(JsonTree container) {
    if (levels_.size() >= static_cast<std::size_t>(std::max(limits_.depth, 0))) {
      fail(cat("nested deeper than ", limits_.depth, " levels"));
    }
    JsonTree& added = add(std::move(container));
    levels_.push_back({&added, {}, {}});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return complete();
  }

  // A value is whole. An element of one of the outermost object's lists is handed on.
  bool complete() {
    const bool element = take_ && levels_.size() == 2 && levels_[0].container->is_object() &&
                         levels_[1].container->is_array();
    if (!element) return true;
    auto& list = levels_[1].container->get_ref<JsonTree::array_t&>();
    JsonTree value = std::move(list.back());
    list.pop_back();
    tokens_ = 0;
    take_(levels_[0].key, levels_[1].elements - 1, std::move(value));
    return true;
  }

  const std::string& source_;
  const Json::Limits& limits_;
  const TakeElement& take_;
  JsonTree root_;
  std::vector<Level> levels_;
  std::size_t tokens_ = 0;
};

// Walks over the bytes of a file, which it reads a piece at a time. The lexer takes a NUL for the
// end and would ignore what follows, so one is refused.
class FileBytes {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names are the standard library's
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  // NOLINTEND(readability-identifier-naming)

  FileBytes() = default;  // the end
  explicit FileBytes(const std::filesystem::path& path) : file_(std::make_shared<File>(path)) {
    read_piece();
  }

  reference operator*() const { return file_->piece[file_->next]; }
  FileBytes& operator++() {
    if (++file_->next == file_->piece.size()) read_piece();
    return *this;
  }
  FileBytes operator++(int) {
    const FileBytes before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const FileBytes& a, const FileBytes& b) { return a.file_ == b.file_; }

 private:
  struct File {
    explicit File(const std::filesystem::path& from) : path(from), in(from, std::ios::binary) {}
    std::filesystem::path path;
    std::ifstream in;
    std::string piece;
    std::size_t next = 0;    // in the piece
    std::size_t before = 0;  // bytes before the piece
  };

  void read_piece() {
    constexpr std::streamsize kPiece = 1 << 16;
    File& file = *file_;
    file.before += file.piece.size();
    file.next = 0;
    file.piece.resize(kPiece);
    file.in.read(file.piece.data(), kPiece);
    file.piece.resize(static_cast<std::size_t>(file.in.gcount()));
    if (file.in.bad()) throw FileError(Fault::kUnreadable, file.path.string(), "cannot be read");
    const std::size_t nul = file.piece.find('\0');
    if (nul != std::string::npos) refuse_nul(file.path.string(), file.before + nul);
    if (file.piece.empty()) file_ = nullptr;
  }

  std::shared_ptr<File> file_;
};

void check_size(std::size_t bytes, const std::string& source, const Json::Limits& limits) {
  if (bytes <= limits.bytes) return;
  throw FileError(Fault::kMalformed, source,
                  cat("JSON of ", bytes, " bytes, at most ", limits.bytes, " expected"));
}

}  // namespace

JsonTree parse_json_tree(std::string_view text, const std::string& source,
                         const Json::Limits& limits) {
  check_size(text.size(), source, limits);
  // The lexer takes a NUL for the end of the text and would ignore what follows.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) refuse_nul(source, nul);
  const TakeElement none;
  TreeBuilder builder(source, limits, none);
  JsonTree::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

JsonTree read_json_lists(const std::filesystem::path& path, const Json::Limits& limits,
                         const TakeElement& take) {
  const std::string source = path.string();
  check_size(OpenFile(path).size, source, limits);
  TreeBuilder builder(source, limits, take);
  JsonTree::sax_parse(FileBytes(path), FileBytes(), &builder);
  return builder.take();
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kMax = 100;
  const bool cut = text.size() > kMax;
  const JsonTree value = std::string(text.substr(0, kMax)) + (cut ? "..." : "");
  return value.dump(-1, ' ', false, JsonTree::error_handler_t::ignore);
}

std::string place_of_member(std::string_view key) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const bool simple =
      !key.empty() && key.size() <= 100 && std::all_of(key.begin(), key.end(), plain);
  return simple ? cat(".", key) : cat("[", quoted(key), "]");
}

std::string place_of_element(std::size_t index) {
  return cat("[", index, "]");
}

}  // namespace vitq
