// SPDX-License-Identifier: Apache-2.0
// The product of an integer linear layer by oneDNN's matmul. Without VNNI that adds pairs of
// products in 16 bits: weights that could saturate are split off (kernels/split.h).
#include "kernels/integer_linear.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/onednn/onednn.h"
#include "kernels/split.h"

namespace vitq {
namespace {

// A primitive for one number of rows.
class Matmul {
 public:
  Matmul(const OneDnn& onednn, const IntegerProductShape& shape, const Tensor& weights) {
    using Type = dnnl::memory::data_type;
    using Dims = dnnl::memory::dims;
    const MatmulProblem problem = {{{shape.m, shape.k}, Type::u8, Dims{shape.k, 1}},
                                   {{shape.k, shape.n}, Type::s8, dnnl::memory::format_tag::any},
                                   {},
                                   {{shape.m, shape.n}, Type::s32, Dims{shape.n, 1}}};
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const auto described = describe(onednn, problem, attr);
    name_ = described.impl_info_str();
    primitive_ = dnnl::matmul(described);
    scratchpad_ = dnnl::memory(described.scratchpad_desc(), onednn.engine);
    x_ = dnnl::memory(problem.src, onednn.engine, nullptr);
    acc_ = dnnl::memory(problem.dst, onednn.engine, nullptr);
    const dnnl::memory::desc plain({shape.k, shape.n}, Type::s8, Dims{1, shape.k});
    weights_ = packed(onednn, weights, plain, described.weights_desc());
    arguments_ = {dnnl_exec_arg_t{DNNL_ARG_SRC, x_.get()},
                  dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, weights_.get()},
                  dnnl_exec_arg_t{DNNL_ARG_DST, acc_.get()},
                  dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, scratchpad_.get()}};
  }

  void run(const OneDnn& onednn, const std::uint8_t* x, std::int32_t* acc) noexcept {
    // oneDNN takes a mutable pointer but only reads its source.
    x_.set_data_handle(const_cast<std::uint8_t*>(x));
    acc_.set_data_handle(acc);
    const dnnl_status_t status =
        dnnl_primitive_execute(primitive_.get(), onednn.stream.get(),
                               static_cast<int>(arguments_.size()), arguments_.data());
    if (status != dnnl_success) std::terminate();
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  dnnl::matmul primitive_;
  dnnl::memory x_, weights_, acc_, scratchpad_;
  std::array<dnnl_exec_arg_t, 4> arguments_;
};

// The many rows of pictures would leave the cache before they are finished; panels of this many
// sums do not.
std::int64_t panel_of(const IntegerProductShape& shape) {
  constexpr std::int64_t kManyRows = 1024;
  constexpr std::int64_t kSums = std::int64_t{1} << 17;
  if (shape.m <= kManyRows) return shape.m;
  return std::min(shape.m, std::max<std::int64_t>(kSums / shape.n, 128));
}

class OneDnnProduct : public IntegerProduct {
 public:
  OneDnnProduct(const IntegerProductShape& shape, const Step& step, const KernelContext& context)
      : shape_(shape), panel_(panel_of(shape)), threads_(context.threads), onednn_(context.onednn) {
    const Tensor weights = safe_weights(step, context);
    whole_.emplace(*onednn_, IntegerProductShape{panel_, shape.n, shape.k}, weights);
    const std::int64_t rest = shape.m % panel_;
    if (rest > 0) last_.emplace(*onednn_, IntegerProductShape{rest, shape.n, shape.k}, weights);
  }

  std::int64_t panel_rows() const override { return panel_; }
  bool uses_threads() const override { return true; }
  void run(const std::uint8_t* x, std::int64_t rows, std::int32_t* acc) noexcept override {
    (rows == panel_ ? whole_ : last_)->run(*onednn_, x, acc);
    if (rest_.empty()) return;
    parallel_for(threads_, rows,
                 [&](std::int64_t row) { rest_.add_to(x + row * shape_.k, acc + row * shape_.n); });
  }
  std::string name() const override {
    return rest_.empty() ? whole_->name() : whole_->name() + " + sparse rest";
  }

 private:
  // The step's weights, without what would saturate on this CPU.
  Tensor safe_weights(const Step& step, const KernelContext& context) {
    const Tensor& codes = context.constant(step.in[1]);
    if (cpu().exact_u8s8) return codes;
    const std::int32_t top = top_code(std::get<step::IntegerLinear>(step.op).act_bits);
    SplitWeights split = split_pairs(codes.as<std::int8_t>(), shape_.k, top);
    rest_ = std::move(split.rest);
    Tensor dense(codes.shape(), DType::kS8);
    std::memcpy(dense.data(), split.dense.data(), split.dense.size());
    return dense;
  }

  IntegerProductShape shape_;
  std::int64_t panel_;
  int threads_;
  std::shared_ptr<OneDnn> onednn_;
  SparseRest rest_;
  std::optional<Matmul> whole_, last_;
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_integer_linear(const Step& step, const KernelContext& context) {
  return make_integer_linear(step, context,
                             [](const IntegerProductShape& shape, const Step& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerProduct> {
                               // oneDNN 2.6 without AVX-512 multiplies vectors wrongly: their
                               // strides look transposed.
                               if (shape.n == 1 || shape.k == 1) return nullptr;
                               return std::make_unique<OneDnnProduct>(shape, linear, made);
                             });
}

}  // namespace vitq
