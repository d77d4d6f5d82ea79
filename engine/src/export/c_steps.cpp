// SPDX-License-Identifier: Apache-2.0
// Steps as initializers of the structs that kernels/integer_only/c/steps.h has.
#include <cstddef>
#include <string_view>

#include "core/text.h"
#include "export/c_text.h"

namespace vitq {
namespace {

// Fields of a struct by name, in the order in which they are added.
class Fields {
 public:
  template <typename Value>
  Fields& add(std::string_view name, const Value& value) {
    text_ += cat(text_.empty() ? "{." : ", .", name, " = ", text_of(value));
    return *this;
  }
  std::string str() const { return text_ + "}"; }

 private:
  static std::string text_of(std::int32_t value) { return std::to_string(value); }
  static std::string text_of(std::uint64_t value) { return cat("UINT64_C(", value, ")"); }
  static std::string text_of(const std::string& value) { return value; }
  static std::string text_of(const char* value) { return value; }
  static std::string text_of(const VitqView& view) {
    return cat('{', view.buffer, ", ", view.offset, '}');
  }
  template <std::size_t kCount>
  static std::string text_of(const std::int32_t (&values)[kCount]) {
    std::string text;
    for (const std::int32_t value : values) text += cat(text.empty() ? "{" : ", ", value);
    return text + "}";
  }

  std::string text_;
};

std::string text_of(const VitqWalk& walk) {
  std::string strides;
  for (const auto& stride : walk.stride) {
    std::string row;
    for (const std::int32_t value : stride) row += cat(row.empty() ? "{" : ", ", value);
    strides += cat(strides.empty() ? "{" : ", ", row, '}');
  }
  return Fields()
      .add("rows", walk.rows)
      .add("axes", walk.axes)
      .add("extent", walk.extent)
      .add("stride", strides + "}")
      .str();
}

std::string text_of(const VitqFunction& f) {
  return Fields()
      .add("pieces", f.pieces)
      .add("range", f.range)
      .add("odd", f.odd)
      .add("offset", f.offset)
      .str();
}

std::string text_of(const VitqBits& b) {
  return cat('{', b.all, ", ", b.output, ", ", b.tokens, ", ", b.begin, ", ", b.end, '}');
}

std::string text_of(const VitqCoding& c) {
  return Fields()
      .add("codes", c.codes)
      .add("rows", c.rows)
      .add("offset", c.offset)
      .add("factor", c.factor)
      .add("bits", text_of(c.bits))
      .str();
}

std::string_view c_name_of(VitqOperation operation) {
  switch (operation) {
    case kVitqCopy: return "kVitqCopy";
    case kVitqCopyBytes: return "kVitqCopyBytes";
    case kVitqAdd: return "kVitqAdd";
    case kVitqMultiply: return "kVitqMultiply";
    case kVitqScale: return "kVitqScale";
    case kVitqActivate: return "kVitqActivate";
    case kVitqLayerNorm: return "kVitqLayerNorm";
  }
  return "";
}

std::string text_of(const VitqRowwise& s) {
  return Fields()
      .add("operation", std::string(c_name_of(s.operation)))
      .add("n", s.n)
      .add("a", s.a)
      .add("b", s.b)
      .add("y", s.y)
      .add("a_step", s.a_step)
      .add("b_step", s.b_step)
      .add("walk", text_of(s.walk))
      .add("coding", text_of(s.coding))
      .add("function", text_of(s.function))
      .add("multiplier", s.multiplier)
      .add("shift", s.shift)
      .add("gain", s.gain)
      .add("bias", s.bias)
      .add("eps", s.eps)
      .str();
}

std::string text_of(const VitqMean& s) {
  return Fields()
      .add("x", s.x)
      .add("y", s.y)
      .add("images", s.images)
      .add("tokens", s.tokens)
      .add("n", s.n)
      .add("image_stride", s.image_stride)
      .add("token_stride", s.token_stride)
      .add("y_stride", s.y_stride)
      .str();
}

std::string text_of(const VitqPool& s) {
  return Fields()
      .add("x", s.x)
      .add("y", s.y)
      .add("images", s.images)
      .add("height", s.height)
      .add("width", s.width)
      .add("channels", s.channels)
      .add("x_height", s.x_height)
      .add("x_width", s.x_width)
      .add("kernel", s.kernel)
      .add("stride", s.stride)
      .add("pad", s.pad)
      .add("x_strides", s.x_strides)
      .add("y_strides", s.y_strides)
      .str();
}

std::string text_of(const VitqPatches& s) {
  return Fields()
      .add("image", s.image)
      .add("bytes", s.bytes)
      .add("corners", text_of(s.corners))
      .add("height", s.height)
      .add("width", s.width)
      .add("channels", s.channels)
      .add("row_stride", s.row_stride)
      .add("column_stride", s.column_stride)
      .add("offset", s.offset)
      .add("factor", s.factor)
      .add("bits", text_of(s.bits))
      .str();
}

std::string text_of(const VitqLinear& s) {
  return Fields()
      .add("x", s.x)
      .add("x_rows", s.x_rows)
      .add("patches", text_of(s.patches))
      .add("k", s.k)
      .add("n", s.n)
      .add("weight", s.weight)
      .add("multiplier", s.multiplier)
      .add("shift", s.shift)
      .add("code_sum", s.code_sum)
      .add("bias", s.bias)
      .add("output_bias", s.output_bias)
      .add("tokens", s.tokens)
      .add("begin", s.begin)
      .add("end", s.end)
      .add("residual", s.residual)
      .add("y", s.y)
      .add("walk", text_of(s.walk))
      .add("activated", s.activated)
      .add("function", text_of(s.function))
      .add("coding", text_of(s.coding))
      .str();
}

std::string text_of(const VitqAttention& s) {
  return Fields()
      .add("q", s.q)
      .add("k", s.k)
      .add("v", s.v)
      .add("y", s.y)
      .add("q_strides", s.q_strides)
      .add("k_strides", s.k_strides)
      .add("v_strides", s.v_strides)
      .add("y_strides", s.y_strides)
      .add("images", s.images)
      .add("heads", s.heads)
      .add("queries", s.queries)
      .add("keys", s.keys)
      .add("channels", s.channels)
      .add("values", s.values)
      .add("q_bits", text_of(s.q_bits))
      .add("k_bits", text_of(s.k_bits))
      .add("p_bits", text_of(s.p_bits))
      .add("v_bits", s.v_bits)
      .add("q_offset", s.q_offset)
      .add("q_factor", s.q_factor)
      .add("k_offset", s.k_offset)
      .add("k_factor", s.k_factor)
      .add("q_score", s.q_score)
      .add("hidden", s.hidden)
      .add("hidden_stride", s.hidden_stride)
      .add("multiplier", s.multiplier)
      .add("shift", s.shift)
      .str();
}

std::string of_kind(std::string_view kind, std::string_view member, const std::string& value) {
  return Fields()
      .add("kind", std::string(kind))
      .add("of", cat("{.", member, " = ", value, '}'))
      .str();
}

}  // namespace

std::string c_initializer(const VitqStep& step) {
  switch (step.kind) {
    case kVitqRowwise: return of_kind("kVitqRowwise", "rowwise", text_of(step.of.rowwise));
    case kVitqMean: return of_kind("kVitqMean", "mean", text_of(step.of.mean));
    case kVitqPool: return of_kind("kVitqPool", "pool", text_of(step.of.pool));
    case kVitqLinear: return of_kind("kVitqLinear", "linear", text_of(step.of.linear));
    case kVitqAttention: break;
  }
  return of_kind("kVitqAttention", "attention", text_of(step.of.attention));
}

}  // namespace vitq
