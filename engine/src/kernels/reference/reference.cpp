// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/reference.h"

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "core/parallel.h"
#include "plan/views.h"

namespace vitq {
namespace {

// An element of a view by its indices.
class Element {
 public:
  Element(Buffers buffers, const View& view) : data_(data_of<float>(buffers, view)), view_(view) {}

  template <typename... Index>
  float& operator()(Index... index) const {
    const std::int64_t indices[] = {static_cast<std::int64_t>(index)...};
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < sizeof...(index); ++i) offset += indices[i] * view_.strides[i];
    return data_[offset];
  }

 private:
  float* data_;
  const View& view_;
};

double activated(double x, Act act) {
  switch (act) {
    case Act::kNone: return x;
    case Act::kGelu: return 0.5 * x * (1.0 + std::erf(x * std::sqrt(0.5)));
    case Act::kRelu: return x > 0.0 ? x : 0.0;
    case Act::kSigmoid: return 1.0 / (1.0 + std::exp(-x));
    case Act::kGeluTanh:
      return 0.5 * x *
             (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Act::kQuickGelu: return x / (1.0 + std::exp(-1.702 * x));
    case Act::kSilu: return x / (1.0 + std::exp(-x));
    case Act::kTanh: return std::tanh(x);
  }
  return x;
}

// A step that is a function of the buffers.
class FunctionKernel : public Kernel {
 public:
  explicit FunctionKernel(std::function<void(const Run&)> function)
      : function_(std::move(function)) {}
  void run(const Run& run) const noexcept override { function_(run); }
  std::string name() const override { return "reference"; }

 private:
  std::function<void(const Run&)> function_;
};

// Input, output and residual of a linear layer, row by row.
RowWalk linear_walk(const Step& step) {
  std::vector<View> views = {std::get<step::Linear>(step.op).x, step.out};
  if (step.epilogue.residual) views.push_back(*step.epilogue.residual);
  return walk_rows(views);
}

void linear(const Step& step, const RowWalk& walk, const Run& run) {
  const Buffers buffers = run.buffers;
  const auto& op = std::get<step::Linear>(step.op);
  const Element weight(buffers, op.weight);
  const std::int64_t n = op.weight.dims[0];
  const std::int64_t k = op.weight.dims[1];
  parallel_for(run.team, walk.rows, [&](std::int64_t row) {
    const float* x = data_of<float>(buffers, op.x) + walk.offset(0, row);
    float* y = data_of<float>(buffers, step.out) + walk.offset(1, row);
    for (std::int64_t o = 0; o < n; ++o) {
      double sum = op.bias ? static_cast<double>(data_of<float>(buffers, *op.bias)[o]) : 0.0;
      for (std::int64_t c = 0; c < k; ++c)
        sum += static_cast<double>(x[c]) * static_cast<double>(weight(o, c));
      if (step.epilogue.residual) {
        sum += static_cast<double>(
            (data_of<float>(buffers, *step.epilogue.residual) + walk.offset(2, row))[o]);
      }
      y[o] = static_cast<float>(activated(sum, step.epilogue.act));
    }
  });
}

RowWalk matmul_walk(const Step& step) {
  const auto& op = std::get<step::MatMul>(step.op);
  return walk_matrices(std::vector<View>{op.a, op.b, step.out});
}

void matmul(const Step& step, const RowWalk& walk, const Run& run) {
  const Buffers buffers = run.buffers;
  const auto& op = std::get<step::MatMul>(step.op);
  const int rank = step.out.dims.rank();
  const auto row_axis = static_cast<std::size_t>(rank - 2);
  const auto column_axis = static_cast<std::size_t>(rank - 1);
  const View& b = op.b;
  const std::int64_t b_k = b.strides[op.matmul.transpose_b ? column_axis : row_axis];
  const std::int64_t b_n = b.strides[op.matmul.transpose_b ? row_axis : column_axis];
  const std::int64_t m = step.out.dims[-2];
  const std::int64_t k = op.a.dims[-1];
  parallel_for(run.team, walk.rows * m, [&](std::int64_t index) {
    const std::int64_t row = index % m;
    const float* x =
        data_of<float>(buffers, op.a) + walk.offset(0, index / m) + row * op.a.strides[row_axis];
    const float* w = data_of<float>(buffers, b) + walk.offset(1, index / m);
    float* y = data_of<float>(buffers, step.out) + walk.offset(2, index / m) +
               row * step.out.strides[row_axis];
    for (std::int64_t o = 0; o < step.out.dims[-1]; ++o) {
      double sum = 0.0;
      for (std::int64_t c = 0; c < k; ++c) {
        sum += static_cast<double>(x[c * op.a.strides[column_axis]]) *
               static_cast<double>(w[c * b_k + o * b_n]);
      }
      y[o * step.out.strides[column_axis]] =
          static_cast<float>(sum * static_cast<double>(op.matmul.scale));
    }
  });
}

// One output pixel of a convolution, before the epilogue.
double patch_sum(const Step& step, const Element& x, const Element& w,
                 const std::array<std::int64_t, 4>& at) {
  const auto& [op, in, kernel, bias] = std::get<step::Conv2d>(step.op);
  const Shape& weight = kernel.dims;
  double sum = 0.0;
  for (std::int64_t c = 0; c < weight[1]; ++c) {
    for (std::int64_t ky = 0; ky < weight[2]; ++ky) {
      const std::int64_t y = at[2] * op.stride - op.pad + ky * op.dilation;
      if (y < 0 || y >= in.dims[2]) continue;
      for (std::int64_t kx = 0; kx < weight[3]; ++kx) {
        const std::int64_t column = at[3] * op.stride - op.pad + kx * op.dilation;
        if (column < 0 || column >= in.dims[3]) continue;
        sum +=
            static_cast<double>(x(at[0], c, y, column)) * static_cast<double>(w(at[1], c, ky, kx));
      }
    }
  }
  return sum;
}

// Calls body({n, c, y, x}) for every element of an image-shaped view.
template <typename Body>
void for_each_pixel(const View& view, const Run& run, const Body& body) {
  const Shape& dims = view.dims;
  parallel_for(run.team, dims[0] * dims[1], [&](std::int64_t plane) {
    for (std::int64_t y = 0; y < dims[2]; ++y) {
      for (std::int64_t x = 0; x < dims[3]; ++x) {
        body(std::array<std::int64_t, 4>{plane / dims[1], plane % dims[1], y, x});
      }
    }
  });
}

void conv(const Step& step, const RowWalk&, const Run& run) {
  const Buffers buffers = run.buffers;
  const auto& op = std::get<step::Conv2d>(step.op);
  const Element x(buffers, op.x);
  const Element w(buffers, op.weight);
  const Element out(buffers, step.out);
  for_each_pixel(step.out, run, [&](const std::array<std::int64_t, 4>& at) {
    double sum = patch_sum(step, x, w, at);
    if (op.bias) sum += static_cast<double>(data_of<float>(buffers, *op.bias)[at[1]]);
    if (step.epilogue.residual) {
      sum += static_cast<double>(
          Element(buffers, *step.epilogue.residual)(at[0], at[1], at[2], at[3]));
    }
    out(at[0], at[1], at[2], at[3]) = static_cast<float>(activated(sum, step.epilogue.act));
  });
}

void pool(const Step& step, const RowWalk&, const Run& run) {
  const Buffers buffers = run.buffers;
  const auto& max_pool = std::get<step::MaxPool>(step.op);
  const op::MaxPool& op = max_pool.pool;
  const View& in = max_pool.x;
  const Element x(buffers, in);
  const Element out(buffers, step.out);
  for_each_pixel(step.out, run, [&](const std::array<std::int64_t, 4>& at) {
    float largest = -std::numeric_limits<float>::infinity();
    for (int ky = 0; ky < op.kernel; ++ky) {
      for (int kx = 0; kx < op.kernel; ++kx) {
        const std::int64_t row = at[2] * op.stride - op.pad + ky;
        const std::int64_t column = at[3] * op.stride - op.pad + kx;
        const bool inside = row >= 0 && row < in.dims[2] && column >= 0 && column < in.dims[3];
        if (inside) largest = std::max(largest, x(at[0], at[1], row, column));
      }
    }
    out(at[0], at[1], at[2], at[3]) = largest;
  });
}

RowWalk no_walk(const Step&) {
  return {};
}

using Walk = RowWalk (*)(const Step&);
using Compute = void (*)(const Step&, const RowWalk&, const Run&);

template <typename OpType>
std::unique_ptr<Kernel> make(const Step& step, Walk walk, Compute compute) {
  if (!std::holds_alternative<OpType>(step.op)) return {};
  return std::make_unique<FunctionKernel>(
      [step, walk = walk(step), compute](const Run& run) { compute(step, walk, run); });
}

}  // namespace

std::unique_ptr<Kernel> make_reference_linear(const Step& step, const KernelContext&) {
  return make<step::Linear>(step, linear_walk, linear);
}
std::unique_ptr<Kernel> make_reference_matmul(const Step& step, const KernelContext&) {
  return make<step::MatMul>(step, matmul_walk, matmul);
}
std::unique_ptr<Kernel> make_reference_conv(const Step& step, const KernelContext&) {
  return make<step::Conv2d>(step, no_walk, conv);
}
std::unique_ptr<Kernel> make_reference_pool(const Step& step, const KernelContext&) {
  return make<step::MaxPool>(step, no_walk, pool);
}

}  // namespace vitq
