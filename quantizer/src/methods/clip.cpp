// SPDX-License-Identifier: Apache-2.0
// Method "clip": {"most": 0.45, "steps": 18, "rows": 1024}. Few codes are spent better where most
// values are. So a share of the range of each row is cut off below and above, the same shares in
// all rows of a layer. They are those with the least error of the inputs, each channel weighted by
// the squares of its weights.
#include <algorithm>

#include "base/parallel.h"
#include "methods/list.h"

namespace vitq {
namespace {

class Clip : public Method {
 public:
  Clip(double most, int steps, std::int64_t rows) : most_(most), steps_(steps), rows_(rows) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    layer.input.clip.clear();
    if (layer.input.range != Range::kPerToken) return;
    const LayerSample rows = data.sample(layer, rows_);
    if (layer.input.output_token_bits && rows.output_tokens == rows.x.rows) return;
    const Trials trials = {rows, importance_of(layer), data.threads()};
    std::vector<float> clip = {0.0F, 0.0F};
    for (const std::size_t end : {1U, 0U, 1U}) choose(layer, trials, end, clip);
    if (clip[0] > 0.0F || clip[1] > 0.0F) layer.input.clip = clip;
  }

 private:
  struct Trials {
    const LayerSample& rows;
    std::vector<double> importance;  // of each channel
    int threads;
  };

  static std::vector<double> importance_of(const LayerDraft& layer) {
    std::vector<double> importance(static_cast<std::size_t>(layer.goal.cols), 0.0);
    for (std::size_t i = 0; i < layer.goal.values.size(); ++i) {
      const auto w = static_cast<double>(layer.goal.values[i]);
      importance[i % importance.size()] += w * w;
    }
    return importance;
  }

  // Takes the best share at one end, given that at the other.
  void choose(const LayerDraft& layer, const Trials& trials, std::size_t end,
              std::vector<float>& clip) const {
    std::vector<double> errors(static_cast<std::size_t>(steps_) + 1);
    const auto share = [&](std::size_t step) {
      return static_cast<float>(most_ * static_cast<double>(step) / steps_);
    };
    parallel_for(trials.threads, steps_ + 1, [&](std::int64_t step) {
      LayerDraft trial = layer;
      trial.input.clip = clip;
      trial.input.clip[end] = share(static_cast<std::size_t>(step));
      errors[static_cast<std::size_t>(step)] = error_of(trial, trials);
    });
    const auto best = std::min_element(errors.begin(), errors.end()) - errors.begin();
    clip[end] = share(static_cast<std::size_t>(best));
  }

  static double error_of(const LayerDraft& layer, const Trials& trials) {
    const LayerSample& rows = trials.rows;
    const std::vector<float> scale = column_smoothing(layer);
    const std::vector<float> offset = column_offset(layer);
    const Matrix u = dequantized_inputs(layer, rows.x, {0, rows.output_tokens});
    double error = 0.0;
    for (std::int64_t r = 0; r < u.rows; ++r) {
      const auto weight = static_cast<double>(rows.weight[static_cast<std::size_t>(r)]);
      for (std::size_t c = 0; c < scale.size(); ++c) {
        const float wanted = (rows.x.row(r)[c] - offset[c]) / scale[c];
        const auto off = static_cast<double>(u.row(r)[c] - wanted);
        error += weight * trials.importance[c] * off * off;
      }
    }
    return error;
  }

  double most_;
  int steps_;
  std::int64_t rows_;
};

}  // namespace

std::unique_ptr<const Method> make_clip(Settings& settings) {
  const double most = settings.number("most", 0.45, 0.0, 0.49);
  const auto steps = static_cast<int>(settings.integer("steps", 18, 1000));
  return std::make_unique<Clip>(most, std::max(steps, 1), settings.integer("rows", 1024, 1 << 20));
}

}  // namespace vitq
