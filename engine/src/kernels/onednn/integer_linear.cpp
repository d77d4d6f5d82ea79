// SPDX-License-Identifier: Apache-2.0
// The product of an integer linear layer by oneDNN's matmul. Without VNNI that adds pairs of
// products in 16 bits: weights that could saturate are split off (kernels/split.h).
#include "kernels/integer_linear.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/onednn/onednn.h"
#include "kernels/split.h"

namespace vitq {
namespace {

// The product of a layer for one number of rows.
struct Matmul {
  // Weights that are packed already are taken as they are.
  Matmul(const OneDnn& onednn, const IntegerGemmShape& shape, const Tensor& codes,
         const dnnl::memory& packed_weights)
      : rows(shape.m), weights(packed_weights) {
    using Type = dnnl::memory::data_type;
    using Dims = dnnl::memory::dims;
    MatmulProblem problem = {{{shape.m, shape.k}, Type::u8, Dims{shape.k, 1}},
                             {{shape.k, shape.n}, Type::s8, dnnl::memory::format_tag::any},
                             {},
                             {{shape.m, shape.n}, Type::s32, Dims{shape.n, 1}}};
    if (weights) problem.weights = weights.get_desc();
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const ThreadCount one_thread(1);
    const auto described = describe(onednn, problem, attr);
    name = described.impl_info_str();
    primitive = dnnl::matmul(described);
    if (!weights) {
      const dnnl::memory::desc plain({shape.k, shape.n}, Type::s8, Dims{1, shape.k});
      weights = reordered(onednn, codes, plain, described.weights_desc());
    }
    x = problem.src;
    acc = problem.dst;
    scratchpad = described.scratchpad_desc();
  }

  std::int64_t rows;
  std::string name;
  dnnl::matmul primitive;
  dnnl::memory weights;
  dnnl::memory::desc x, acc, scratchpad;
};

// What one thread needs to run a Matmul, whose primitive and weights all of them share.
class Runner {
 public:
  Runner(const OneDnn& onednn, const Matmul& matmul)
      : rows_(matmul.rows),
        primitive_(matmul.primitive),
        stream_(onednn.engine),
        x_(matmul.x, onednn.engine, nullptr),
        acc_(matmul.acc, onednn.engine, nullptr),
        weights_(matmul.weights),
        scratchpad_(matmul.scratchpad, onednn.engine),
        arguments_{dnnl_exec_arg_t{DNNL_ARG_SRC, x_.get()},
                   dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, weights_.get()},
                   dnnl_exec_arg_t{DNNL_ARG_DST, acc_.get()},
                   dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, scratchpad_.get()}} {}

  std::int64_t rows() const { return rows_; }
  void run(const std::uint8_t* x, std::int32_t* acc) noexcept {
    // oneDNN takes a mutable pointer but only reads its source.
    x_.set_data_handle(const_cast<std::uint8_t*>(x));
    acc_.set_data_handle(acc);
    const dnnl_status_t status = dnnl_primitive_execute(
        primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data());
    if (status != dnnl_success) std::terminate();
  }

 private:
  std::int64_t rows_;
  dnnl::matmul primitive_;
  dnnl::stream stream_;
  dnnl::memory x_, acc_, weights_, scratchpad_;
  std::array<dnnl_exec_arg_t, 4> arguments_;
};

// The many rows of images would leave the cache before they are finished; panels of this many
// sums do not.
std::int64_t panel_of(const IntegerGemmShape& shape) {
  constexpr std::int64_t kManyRows = 1024;
  constexpr std::int64_t kSums = std::int64_t{1} << 17;
  if (shape.m <= kManyRows) return shape.m;
  return std::min(shape.m, std::max<std::int64_t>(kSums / shape.n, 128));
}

// Every number of rows that a thread's panels have, largest first.
std::set<std::int64_t, std::greater<>> panel_sizes(std::int64_t rows, std::int64_t panel,
                                                   int threads) {
  const std::int64_t chunks = std::min<std::int64_t>(rows, threads);
  std::set<std::int64_t, std::greater<>> sizes;
  for (const std::int64_t chunk : {rows / chunks, (rows + chunks - 1) / chunks}) {
    sizes.insert(std::min(chunk, panel));
    if (chunk % panel != 0) sizes.insert(chunk % panel);
  }
  return sizes;
}

class OneDnnGemm : public IntegerGemm {
 public:
  OneDnnGemm(const IntegerGemmShape& shape, const Step& step, const KernelContext& context)
      : shape_(shape),
        panel_(panel_of(shape)),
        onednn_(context.onednn),
        runners_(static_cast<std::size_t>(context.threads)) {
    const Tensor weights = safe_weights(step, context);
    dnnl::memory packed_weights;
    for (const std::int64_t rows : panel_sizes(shape.m, panel_, context.threads)) {
      const Matmul matmul(*onednn_, {rows, shape.n, shape.k}, weights, packed_weights);
      packed_weights = matmul.weights;
      if (name_.empty()) name_ = matmul.name;
      for (auto& own : runners_) own.emplace_back(*onednn_, matmul);
    }
    if (!rest_.empty()) name_ += " + sparse rest";
  }

  std::int64_t panel_rows() const override { return panel_; }
  void run(std::int64_t thread, const Panel& panel) noexcept override {
    auto& own = runners_[static_cast<std::size_t>(thread)];
    std::find_if(own.begin(), own.end(), [&](const Runner& runner) {
      return runner.rows() == panel.rows;
    })->run(panel.x, panel.acc);
    if (rest_.empty()) return;
    for (std::int64_t row = 0; row < panel.rows; ++row) {
      rest_.add_to(panel.x + row * shape_.k, panel.acc + row * shape_.n);
    }
  }
  std::string name() const override { return name_; }

 private:
  // The step's weights, without what would saturate on this CPU.
  Tensor safe_weights(const Step& step, const KernelContext& context) {
    const Tensor& codes = context.constant(step.in[1]);
    if (cpu().exact_u8s8()) return codes;
    const std::int32_t top = max_code(std::get<step::IntegerLinear>(step.op).act_bits);
    SplitWeights split = split_pairs(codes.as<std::int8_t>(), shape_.k, top);
    rest_ = std::move(split.rest);
    Tensor dense(codes.shape(), DType::kS8);
    std::memcpy(dense.data(), split.dense.data(), split.dense.size());
    return dense;
  }

  IntegerGemmShape shape_;
  std::int64_t panel_;
  std::shared_ptr<OneDnn> onednn_;  // whose engine the runners use
  SparseRest rest_;
  std::string name_;
  std::vector<std::vector<Runner>> runners_;  // [thread][number of rows]
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_integer_linear(const Step& step, const KernelContext& context) {
  return make_integer_linear(step, context,
                             [](const IntegerGemmShape& shape, const Step& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerGemm> {
                               // oneDNN 2.6 without AVX-512 multiplies vectors wrongly: their
                               // strides look transposed.
                               if (shape.n == 1 || shape.k == 1) return nullptr;
                               return std::make_unique<OneDnnGemm>(shape, linear, made);
                             });
}

}  // namespace vitq
