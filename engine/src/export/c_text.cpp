// SPDX-License-Identifier: Apache-2.0
#include "export/c_text.h"

#include <algorithm>
#include <string_view>

#include "core/text.h"
#include "export/c_sources.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// Takes lines one by one, and keeps what belongs to one C file.
class Joined {
 public:
  void take(std::string_view line) {
    if (line == "#ifdef __cplusplus") {
      of_cpp_ = true;
    } else if (of_cpp_ && line == "#else") {
      in_else_ = true;
    } else if (of_cpp_ && line == "#endif") {
      of_cpp_ = in_else_ = false;
    } else if ((!of_cpp_ || in_else_) && !is_frame(line)) {
      text_ += cat(line, '\n');
    }
  }
  const std::string& text() const { return text_; }

 private:
  // Guards against being included twice, includes of each other, and notes for other readers.
  static bool is_frame(std::string_view line) {
    return line.starts_with("#ifndef VITQ_") || line.starts_with("#define VITQ_") ||
           line == "#endif" || line.starts_with("#include \"") || line.starts_with("// SPDX") ||
           line.starts_with("// NOLINT");
  }

  bool of_cpp_ = false, in_else_ = false;
  std::string text_;
};

template <typename T>
std::string elements_of(const Tensor& values) {
  constexpr std::size_t kWidth = 100;
  std::string text;
  std::size_t line = 0;
  for (const T value : values.as<T>()) {
    const std::string next = std::to_string(value) + ',';
    line += next.size();
    if (line > kWidth) {
      text += '\n';
      line = next.size();
    }
    text += next;
  }
  return text;
}

}  // namespace

std::string c_functions() {
  Joined joined;
  for (std::string_view source : c_sources()) {
    while (!source.empty()) {
      const std::size_t end = source.find('\n');
      joined.take(source.substr(0, end));
      source.remove_prefix(std::min(source.size(), end + 1));
    }
  }
  return joined.text();
}

std::string c_array(const std::string& name, const Tensor& values) {
  const auto array = [&](std::string_view type, const std::string& elements) {
    return cat("static const ", type, ' ', name, "[] = {\n", elements, "\n};\n");
  };
  switch (values.dtype()) {
    case DType::kS8: return array("int8_t", elements_of<std::int8_t>(values));
    case DType::kU8: return array("uint8_t", elements_of<std::uint8_t>(values));
    case DType::kS32: return array("int32_t", elements_of<std::int32_t>(values));
    default: break;
  }
  throw UnsupportedError(cat("C of integers alone has no constants of ", name_of(values.dtype())));
}

}  // namespace vitq
