// SPDX-License-Identifier: Apache-2.0
// The product of an integer linear layer by oneDNN's matmul. Without VNNI that adds pairs of
// products in 16 bits: weights that could saturate are split off (kernels/split.h).
#include "kernels/integer_linear.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <set>

#include "core/cpu.h"
#include "core/one_thread.h"
#include "kernels/onednn/onednn.h"
#include "kernels/split.h"

namespace vitq {
namespace {

// Weights of a layer in the one layout that all of its products share.
struct GemmWeights {
  std::shared_ptr<OneDnn> onednn;  // whose engine the memory is of
  Tensor codes;                    // without what would saturate on this CPU
  SparseRest rest;                 // that
  std::mutex mutex;
  dnnl::memory packed;  // once the first product has said how
};

std::shared_ptr<GemmWeights> weights_of(const step::IntegerLinear& linear,
                                        const KernelContext& context) {
  const Tensor& codes = context.constant(linear.weight);
  const std::int32_t top = linear.coding.max_digit();
  return context.packed<std::shared_ptr<GemmWeights>>(
      codes, "onednn gemm:" + std::to_string(top), [&] {
        auto weights = std::make_shared<GemmWeights>();
        weights->onednn = context.onednn;
        weights->codes = codes;
        if (cpu().exact_u8s8()) return weights;
        SplitWeights split = split_pairs(codes.as<std::int8_t>(), codes.shape()[1], top);
        weights->rest = std::move(split.rest);
        weights->codes = Tensor(codes.shape(), DType::kS8);
        std::memcpy(weights->codes.data(), split.dense.data(), split.dense.size());
        return weights;
      });
}

// The product of a layer for one number of rows.
struct Matmul {
  Matmul(const OneDnn& onednn, const IntegerGemmShape& shape, GemmWeights& weights)
      : rows(shape.m) {
    using Type = dnnl::memory::data_type;
    using Dims = dnnl::memory::dims;
    MatmulProblem problem = {{{shape.m, shape.k}, Type::u8, Dims{shape.k, 1}},
                             {{shape.k, shape.n}, Type::s8, dnnl::memory::format_tag::any},
                             {},
                             {{shape.m, shape.n}, Type::s32, Dims{shape.n, 1}}};
    if (weights.packed) problem.weights = weights.packed.get_desc();
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const OneThread one_thread;
    const auto described = describe(onednn, problem, attr);
    name = described.impl_info_str();
    primitive = dnnl::matmul(described);
    if (!weights.packed) {
      const dnnl::memory::desc plain({shape.k, shape.n}, Type::s8, Dims{1, shape.k});
      weights.packed = reorder(onednn, weights.codes, plain, described.weights_desc());
    }
    x = problem.src;
    acc = problem.dst;
    scratchpad = described.scratchpad_desc();
  }

  std::int64_t rows;
  std::string name;
  dnnl::matmul primitive;
  dnnl::memory::desc x, acc, scratchpad;
};

// What one thread of a session needs to run a Matmul.
class Runner {
 public:
  Runner(const OneDnn& onednn, const Matmul& matmul, const dnnl::memory& weights)
      : rows_(matmul.rows),
        primitive_(matmul.primitive),
        stream_(onednn.engine),
        x_(matmul.x, onednn.engine, nullptr),
        acc_(matmul.acc, onednn.engine, nullptr),
        weights_(weights),
        scratchpad_(matmul.scratchpad, onednn.engine, nullptr),
        arguments_{dnnl_exec_arg_t{DNNL_ARG_SRC, x_.get()},
                   dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, weights_.get()},
                   dnnl_exec_arg_t{DNNL_ARG_DST, acc_.get()},
                   dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, scratchpad_.get()}} {}

  std::int64_t rows() const { return rows_; }
  void run(const Panel& panel, std::byte* scratchpad) noexcept {
    // oneDNN takes a mutable pointer but only reads its source.
    x_.set_data_handle(const_cast<std::uint8_t*>(panel.x));
    acc_.set_data_handle(panel.acc);
    scratchpad_.set_data_handle(scratchpad);
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

struct Runners : KernelState {
  std::vector<std::vector<Runner>> of;  // [thread][number of rows]
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
  OneDnnGemm(const IntegerGemmShape& shape, const step::IntegerLinear& linear,
             const KernelContext& context)
      : shape_(shape),
        panel_(panel_of(shape)),
        threads_(context.threads),
        weights_(weights_of(linear, context)) {
    const std::lock_guard<std::mutex> lock(weights_->mutex);
    for (const std::int64_t rows : panel_sizes(shape.m, panel_, threads_)) {
      matmuls_.emplace_back(*weights_->onednn, IntegerGemmShape{rows, shape.n, shape.k}, *weights_);
    }
  }

  std::int64_t panel_rows() const override { return panel_; }
  std::int64_t thread_bytes() const override {
    std::size_t bytes = 0;
    for (const Matmul& matmul : matmuls_) bytes = std::max(bytes, matmul.scratchpad.get_size());
    return static_cast<std::int64_t>(bytes);
  }
  std::unique_ptr<KernelState> make_state() const override {
    auto runners = std::make_unique<Runners>();
    runners->of.resize(static_cast<std::size_t>(threads_));
    for (std::vector<Runner>& own : runners->of) {
      for (const Matmul& matmul : matmuls_) {
        own.emplace_back(*weights_->onednn, matmul, weights_->packed);
      }
    }
    return runners;
  }
  void run(const Thread& thread, const Panel& panel) const noexcept override {
    auto& own = static_cast<Runners&>(*thread.state).of[static_cast<std::size_t>(thread.index)];
    std::find_if(own.begin(), own.end(), [&](const Runner& runner) {
      return runner.rows() == panel.rows;
    })->run(panel, thread.workspace);
    if (weights_->rest.empty()) return;
    for (std::int64_t row = 0; row < panel.rows; ++row) {
      weights_->rest.add_to(panel.x + row * shape_.k, panel.acc + row * shape_.n);
    }
  }
  std::string name() const override {
    return matmuls_.front().name + (weights_->rest.empty() ? "" : " + sparse rest");
  }

 private:
  IntegerGemmShape shape_;
  std::int64_t panel_;
  int threads_;
  std::shared_ptr<GemmWeights> weights_;
  std::vector<Matmul> matmuls_;  // by number of rows
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_integer_linear(const Step& step, const KernelContext& context) {
  return make_integer_linear(step, context,
                             [](const IntegerGemmShape& shape, const step::IntegerLinear& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerGemm> {
                               // oneDNN 2.6 without AVX-512 multiplies vectors wrongly: their
                               // strides look transposed.
                               if (shape.n == 1 || shape.k == 1) return nullptr;
                               return std::make_unique<OneDnnGemm>(shape, linear, made);
                             });
}

}  // namespace vitq
