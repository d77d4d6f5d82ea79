// SPDX-License-Identifier: Apache-2.0
// The oracle says what a graph means, node by node in double precision on dense row-major arrays.
// It judges lowering and every backend, with which it shares no code.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "vitq/graph.h"
#include "vitq/weights.h"

namespace oracle {

using Index = std::vector<std::int64_t>;

struct Array {
  Index dims;
  std::vector<double> values;

  std::size_t place(const Index& at) const {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < dims.size(); ++i) offset = offset * dims[i] + at[i];
    return static_cast<std::size_t>(offset);
  }
  double operator()(const Index& at) const { return values[place(at)]; }
  // Extents of 1 are repeated.
  double stretched(Index at) const {
    for (std::size_t i = 0; i < dims.size(); ++i) at[i] = dims[i] == 1 ? 0 : at[i];
    return (*this)(at);
  }
};

inline Index dims_of(const vitq::Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

inline Array array_of(const vitq::Tensor& tensor) {
  Array array = {dims_of(tensor.shape()), {}};
  for (const float v : tensor.as<float>()) array.values.push_back(static_cast<double>(v));
  return array;
}

// An array of `shape` whose element at every index is body(index).
template <typename Body>
Array generate(const vitq::Shape& shape, const Body& body) {
  Array result = {dims_of(shape), {}};
  Index at(result.dims.size(), 0);
  for (std::int64_t i = 0; i < shape.elements(); ++i) {
    result.values.push_back(body(at));
    for (std::size_t axis = at.size(); axis-- > 0;) {
      if (++at[axis] < result.dims[axis]) break;
      at[axis] = 0;
    }
  }
  return result;
}

inline double activation(double x, vitq::Act act) {
  if (act == vitq::Act::kGelu) return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  if (act == vitq::Act::kRelu) return std::max(x, 0.0);
  if (act == vitq::Act::kSigmoid) return 1.0 / (1.0 + std::exp(-x));
  // These are the definitions of torch.nn.GELU(approximate="tanh"), of CLIP and of torch.nn.SiLU.
  constexpr double kRoot = 0.79788456080286535588;  // sqrt(2 / pi)
  if (act == vitq::Act::kGeluTanh)
    return 0.5 * x * (1.0 + std::tanh(kRoot * (x + 0.044715 * x * x * x)));
  if (act == vitq::Act::kQuickGelu) return x / (1.0 + std::exp(-1.702 * x));
  if (act == vitq::Act::kSilu) return x / (1.0 + std::exp(-x));
  if (act == vitq::Act::kTanh) return std::tanh(x);
  return x;
}

// The last axis of `x` at `at`.
inline std::vector<double> row_of(const Array& x, Index at) {
  std::vector<double> row;
  for (at.back() = 0; at.back() < x.dims.back(); ++at.back()) row.push_back(x(at));
  return row;
}

struct Evaluate {
  const vitq::Node& node;
  std::vector<const Array*> in;

  const Array& x() const { return *in[0]; }

  Array operator()(const vitq::op::Linear&) const {
    return generate(node.shape, [&](const Index& at) {
      const std::vector<double> row = row_of(x(), at);
      double sum = in.size() > 2 ? in[2]->values[static_cast<std::size_t>(at.back())] : 0.0;
      for (std::size_t k = 0; k < row.size(); ++k) {
        sum += row[k] * (*in[1])({at.back(), static_cast<std::int64_t>(k)});
      }
      return sum;
    });
  }
  Array operator()(const vitq::op::MatMul& matmul) const {
    return generate(node.shape, [&](const Index& at) {
      Index left = at;
      Index right = at;
      const std::size_t row = at.size() - 2;
      const std::size_t column = at.size() - 1;
      double sum = 0.0;
      for (std::int64_t k = 0; k < x().dims[column]; ++k) {
        left[column] = k;
        right[row] = matmul.transpose_b ? at[column] : k;
        right[column] = matmul.transpose_b ? k : at[column];
        sum += x()(left) * (*in[1])(right);
      }
      return sum * static_cast<double>(matmul.scale);
    });
  }
  // The pixel of channel `channel` that tap (i, j) of the window at `at` looks at, or `outside`.
  template <typename Window>
  double pixel(const Window& window, const Index& at, const Index& tap, double outside) const {
    const std::int64_t y = at[2] * window.stride - window.pad + tap[1];
    const std::int64_t column = at[3] * window.stride - window.pad + tap[2];
    const bool inside = y >= 0 && column >= 0 && y < x().dims[2] && column < x().dims[3];
    return inside ? x()({at[0], tap[0], y, column}) : outside;
  }
  Array operator()(const vitq::op::Conv2d& conv) const {
    const Array& weight = *in[1];
    return generate(node.shape, [&](const Index& at) {
      double sum = in.size() > 2 ? in[2]->values[static_cast<std::size_t>(at[1])] : 0.0;
      for (std::int64_t c = 0; c < weight.dims[1]; ++c) {
        for (std::int64_t tap = 0; tap < weight.dims[2] * weight.dims[3]; ++tap) {
          const std::int64_t i = tap / weight.dims[3];
          const std::int64_t j = tap % weight.dims[3];
          sum += weight({at[1], c, i, j}) *
                 pixel(conv, at, {c, i * conv.dilation, j * conv.dilation}, 0.0);
        }
      }
      return sum;
    });
  }
  Array operator()(const vitq::op::MaxPool& pool) const {
    return generate(node.shape, [&](const Index& at) {
      double max = -std::numeric_limits<double>::infinity();
      for (int tap = 0; tap < pool.kernel * pool.kernel; ++tap) {
        const Index look = {at[1], tap / pool.kernel, tap % pool.kernel};
        max = std::max(max, pixel(pool, at, look, -std::numeric_limits<double>::infinity()));
      }
      return max;
    });
  }
  Array operator()(const vitq::op::LayerNorm& norm) const {
    return generate(node.shape, [&](const Index& at) {
      const std::vector<double> row = row_of(x(), at);
      const auto n = static_cast<double>(row.size());
      double mean = 0.0;
      double variance = 0.0;
      for (const double v : row) mean += v / n;
      for (const double v : row) variance += (v - mean) * (v - mean) / n;
      const auto i = static_cast<std::size_t>(at.back());
      const double unit = (row[i] - mean) / std::sqrt(variance + static_cast<double>(norm.eps));
      return unit * in[1]->values[i] + in[2]->values[i];
    });
  }
  Array operator()(const vitq::op::Softmax&) const {
    return generate(node.shape, [&](const Index& at) {
      const std::vector<double> row = row_of(x(), at);
      const double peak = *std::max_element(row.begin(), row.end());
      double total = 0.0;
      for (const double v : row) total += std::exp(v - peak);
      return std::exp(x()(at) - peak) / total;
    });
  }
  Array operator()(const vitq::op::UnitLength&) const {
    return generate(node.shape, [&](const Index& at) {
      double energy = 0.0;
      for (const double v : row_of(x(), at)) energy += v * v;
      return x()(at) / std::max(std::sqrt(energy), 1e-12);
    });
  }
  Array operator()(const vitq::op::Activate& activate) const {
    return generate(node.shape,
                    [&](const Index& at) { return activation(x()(at), activate.kind); });
  }
  Array operator()(const vitq::op::Add&) const {
    return generate(node.shape,
                    [&](const Index& at) { return x().stretched(at) + in[1]->stretched(at); });
  }
  Array operator()(const vitq::op::Multiply&) const {
    return generate(node.shape,
                    [&](const Index& at) { return x().stretched(at) * in[1]->stretched(at); });
  }
  Array operator()(const vitq::op::Sine&) const {
    return generate(node.shape, [&](const Index& at) { return std::sin(x()(at)); });
  }
  // Each new position is a sum over all old ones, weighted by Keys' kernel in both directions.
  Array operator()(const vitq::op::Resample& grid) const {
    const std::size_t row = x().dims.size() - 2;
    return generate(node.shape, [&](Index at) {
      const std::int64_t place = at[row] - grid.begin;
      const std::int64_t made = grid.height * grid.width;
      if (place < 0) return x()(at);
      if (place >= made) {
        at[row] += grid.from_height * grid.from_width - made;
        return x()(at);
      }
      double sum = 0.0;
      for (std::int64_t i = -3; i < grid.from_height + 3; ++i) {
        for (std::int64_t j = -3; j < grid.from_width + 3; ++j) {
          const double weight = keys(i, place / grid.width, grid.from_height, grid.height) *
                                keys(j, place % grid.width, grid.from_width, grid.width);
          at[row] = grid.begin +
                    std::clamp<std::int64_t>(i, 0, grid.from_height - 1) * grid.from_width +
                    std::clamp<std::int64_t>(j, 0, grid.from_width - 1);
          sum += weight * x()(at);
        }
      }
      return sum;
    });
  }
  // R. G. Keys' cubic convolution with a = -3/4, at the distance of `old` from the centre of
  // `made`.
  static double keys(std::int64_t old, std::int64_t made, std::int64_t from, std::int64_t to) {
    const double centre =
        (static_cast<double>(made) + 0.5) * static_cast<double>(from) / static_cast<double>(to) -
        0.5;
    const double d = std::abs(static_cast<double>(old) - centre);
    if (d >= 2.0) return 0.0;
    if (d <= 1.0) return (1.25 * d - 2.25) * d * d + 1.0;
    return -0.75 * (((d - 5.0) * d + 8.0) * d - 4.0);
  }
  Array operator()(const vitq::op::Mean&) const {
    return generate(node.shape, [&](const Index& at) {
      double sum = 0.0;
      for (std::int64_t t = 0; t < x().dims[1]; ++t) sum += x()({at[0], t, at[2]});
      return sum / static_cast<double>(x().dims[1]);
    });
  }
  Array operator()(const vitq::op::Scale& scale) const {
    return generate(node.shape,
                    [&](const Index& at) { return x()(at) * static_cast<double>(scale.factor); });
  }
  Array operator()(const vitq::op::Concat& concat) const {
    const auto axis = static_cast<std::size_t>(concat.axis);
    return generate(node.shape, [&](Index at) {
      std::size_t part = 0;
      for (; at[axis] >= in[part]->dims[axis]; ++part) at[axis] -= in[part]->dims[axis];
      Index look = at;
      for (std::size_t i = 0; i < look.size(); ++i) look[i] = in[part]->dims[i] == 1 ? 0 : look[i];
      return (*in[part])(look);
    });
  }
  Array operator()(const vitq::op::Slice& slice) const {
    return generate(node.shape, [&](Index at) {
      at[static_cast<std::size_t>(slice.axis)] += slice.begin;
      return x()(at);
    });
  }
  Array operator()(const vitq::op::Permute& permute) const {
    return generate(node.shape, [&](const Index& at) {
      Index look(at.size());
      for (std::size_t i = 0; i < at.size(); ++i) {
        look[static_cast<std::size_t>(permute.order[i])] = at[i];
      }
      return x()(look);
    });
  }
  Array operator()(const vitq::op::Reshape&) const { return {dims_of(node.shape), x().values}; }
  Array operator()(const vitq::op::Constant& constant) const { return array_of(constant.value); }
  template <typename Given>
  Array operator()(const Given&) const {
    return {};
  }
};

// The values of every node, given those of the inputs in order.
inline std::vector<Array> evaluate(const vitq::Graph& graph, const vitq::Weights& weights,
                                   const std::vector<vitq::Tensor>& inputs) {
  std::vector<Array> values;
  std::size_t next_input = 0;
  for (const vitq::Node& node : graph.nodes()) {
    if (std::holds_alternative<vitq::op::Input>(node.op)) {
      values.push_back(array_of(inputs[next_input++]));
    } else if (std::holds_alternative<vitq::op::Param>(node.op)) {
      values.push_back(array_of(weights.at(node.name)));
    } else {
      Evaluate evaluate = {node, {}};
      for (const vitq::NodeId id : node.inputs) {
        evaluate.in.push_back(&values[static_cast<std::size_t>(id)]);
      }
      values.push_back(std::visit(evaluate, node.op));
    }
  }
  return values;
}

}  // namespace oracle
