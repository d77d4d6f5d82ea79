// SPDX-License-Identifier: Apache-2.0
// A quantized ViT straight from the equations of docs/numerics.md, in 64-bit integers and doubles.
// It reads the model file's tensors and shares no code with the engine's arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "vitq/weights.h"

namespace vitq::test {

inline double snr_db(const std::vector<float>& expected, const std::vector<float>& found) {
  double signal = 0.0;
  double noise = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double e = expected[i];
    const double f = found[i];
    signal += e * e;
    noise += (e - f) * (e - f);
  }
  return 10.0 * std::log10(signal / std::max(noise, 1e-300));
}

class VitOracle {
 public:
  struct Sizes {
    std::int64_t patch, heads, depth;
    double eps;
    int bits = 8;               // of activations
    int output_token_bits = 8;  // of the class token's
  };
  VitOracle(const Weights& weights, const Sizes& sizes) : weights_(weights), sizes_(sizes) {}

  std::vector<float> logits(const Tensor& input) const {
    std::vector<float> all;
    for (std::int64_t n = 0; n < input.shape()[0]; ++n) {
      for (const double logit : image_logits(input, n)) all.push_back(static_cast<float>(logit));
    }
    return all;
  }

 private:
  using Row = std::vector<double>;
  using Rows = std::vector<Row>;

  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

  Row values(const std::string& name) const {
    const Tensor tensor = weights_.at(name).to_f32();
    return {tensor.as<float>().begin(), tensor.as<float>().end()};
  }

  static std::int64_t code(const Tensor& codes, std::size_t i) {
    return codes.dtype() == DType::kS16 ? codes.as<std::int16_t>()[i] : codes.as<std::int8_t>()[i];
  }

  // The largest code of a token's activations; the head reads the class token with the bits of all.
  double largest_code(std::size_t token, std::size_t tokens) const {
    const int bits = token == 0 && tokens > 1 ? sizes_.output_token_bits : sizes_.bits;
    return std::exp2(bits) - 1.0;
  }

  // y_o = u_o sum_c w_oc (lo + s q_c) + b_o for rows coded by their own range; `pixels` are codes.
  Rows layer(const std::string& name, const Rows& x, bool pixels = false) const {
    const Tensor& codes = weights_.at(name + ".weight");
    const Row u = values(name + ".1.scale");
    const Row b = weights_.find(name + ".bias") != nullptr ? values(name + ".bias") : Row(u.size());
    const auto k = x[0].size();
    Rows result;
    for (std::size_t t = 0; t < x.size(); ++t) {
      const Row& row = x[t];
      double lo = 0.0;
      double s = 1.0;
      if (!pixels) {
        const double top = largest_code(t, x.size());
        lo = *std::min_element(row.begin(), row.end());
        double hi = *std::max_element(row.begin(), row.end());
        const bool own_bits = t == 0 && x.size() > 1;
        if (weights_.find(name + ".0.clip") != nullptr && !own_bits) {
          const Row clip = values(name + ".0.clip");
          const double width = hi - lo;
          lo += clip[0] * width;
          hi -= clip[1] * width;
        }
        s = std::max((hi - lo) / top, 1e-9);
      }
      const double most = pixels ? 255.0 : largest_code(t, x.size());
      std::vector<std::int64_t> q;
      for (const double v : row) q.push_back(std::llrint(std::clamp((v - lo) / s, 0.0, most)));
      Row y;
      for (std::size_t o = 0; o < u.size(); ++o) {
        std::int64_t acc = 0;
        std::int64_t sum = 0;
        for (std::size_t c = 0; c < k; ++c) {
          const std::int64_t w = code(codes, o * k + c);
          acc += w * q[c];
          sum += w;
        }
        y.push_back(u[o] * (s * static_cast<double>(acc) + lo * static_cast<double>(sum)) + b[o]);
      }
      result.push_back(y);
    }
    return result;
  }

  Rows norm(const std::string& name, const Rows& x) const {
    const Row gain = values(name + ".weight");
    const Row bias = values(name + ".bias");
    Rows result;
    for (const Row& row : x) {
      const auto n = static_cast<double>(row.size());
      double mean = 0.0;
      double variance = 0.0;
      for (const double v : row) mean += v / n;
      for (const double v : row) variance += (v - mean) * (v - mean) / n;
      Row y;
      for (std::size_t c = 0; c < row.size(); ++c) {
        y.push_back((row[c] - mean) / std::sqrt(variance + sizes_.eps) * gain[c] + bias[c]);
      }
      result.push_back(y);
    }
    return result;
  }

  // Columns [begin, begin + n) of each row.
  static Rows columns(const Rows& x, std::size_t begin, std::size_t n) {
    Rows result;
    for (const Row& row : x) {
      result.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(begin),
                          row.begin() + static_cast<std::ptrdiff_t>(begin + n));
    }
    return result;
  }

  Rows attention(const Rows& qkv) const {
    const std::size_t dim = qkv[0].size() / 3;
    const std::size_t d = dim / at(sizes_.heads);
    Rows result(qkv.size(), Row(dim));
    for (std::size_t head = 0; head < at(sizes_.heads); ++head) {
      const Rows q = columns(qkv, head * d, d);
      const Rows k = columns(qkv, dim + head * d, d);
      const Rows v = columns(qkv, 2 * dim + head * d, d);
      const Rows out = head_attention(q, k, v);
      for (std::size_t i = 0; i < out.size(); ++i) {
        std::copy(out[i].begin(), out[i].end(),
                  result[i].begin() + static_cast<std::ptrdiff_t>(head * d));
      }
    }
    return result;
  }

  // A row as the values that its codes stand for: symmetric for keys, from its minimum for queries.
  // `top` is the largest code of a query.
  static Row rounded(const Row& row, bool symmetric, double top) {
    const double lo = *std::min_element(row.begin(), row.end());
    const double hi = *std::max_element(row.begin(), row.end());
    const double reach = symmetric ? std::max(-lo, hi) / ((top - 1.0) / 2.0) : (hi - lo) / top;
    const double s = std::max(reach, 1e-9);
    Row result;
    for (const double v : row) {
      result.push_back(symmetric ? s * static_cast<double>(std::llrint(v / s))
                                 : lo + s * static_cast<double>(std::llrint((v - lo) / s)));
    }
    return result;
  }

  Rows head_attention(const Rows& q, const Rows& k, const Rows& v) const {
    const std::size_t keys = k.size();
    const std::size_t d = v[0].size();
    Row mean(d);
    Row scale(d, 1e-9);
    const double value_top = (std::exp2(sizes_.bits) - 2.0) / 2.0;
    for (const Row& row : v) {
      for (std::size_t c = 0; c < d; ++c) mean[c] += row[c] / static_cast<double>(keys);
    }
    for (const Row& row : v) {
      for (std::size_t c = 0; c < d; ++c)
        scale[c] = std::max(scale[c], std::abs(row[c] - mean[c]) / value_top);
    }
    Rows result;
    for (std::size_t t = 0; t < q.size(); ++t) {
      const double top = largest_code(t, q.size());
      const Row rounded_query = rounded(q[t], false, top);
      Row logits;
      for (std::size_t j = 0; j < keys; ++j) {
        const Row rounded_key = rounded(k[j], true, largest_code(j, keys));
        double logit = 0.0;
        for (std::size_t c = 0; c < d; ++c) logit += rounded_query[c] * rounded_key[c];
        logits.push_back(logit / std::sqrt(static_cast<double>(d)));
      }
      const double largest = *std::max_element(logits.begin(), logits.end());
      double sum = 0.0;
      std::vector<std::int64_t> p;
      for (const double logit : logits) {
        sum += std::exp(logit - largest);
        p.push_back(std::llrint(top * std::exp(logit - largest)));
      }
      Row out;
      for (std::size_t c = 0; c < d; ++c) {
        std::int64_t acc = 0;
        for (std::size_t j = 0; j < keys; ++j) {
          acc += p[j] * std::llrint((v[j][c] - mean[c]) / scale[c]);
        }
        out.push_back(mean[c] + scale[c] * static_cast<double>(acc) / (top * sum));
      }
      result.push_back(out);
    }
    return result;
  }

  // Patches as pixels: x = channel_offset + smoothing_scale * pixel.
  Rows patches(const Tensor& input, std::int64_t n) const {
    const Shape& s = input.shape();
    const Row smoothing_scale = values("patch_embed.proj.0.smoothing_scale");
    const Row channel_offset = values("patch_embed.proj.0.channel_offset");
    Rows result;
    for (std::int64_t py = 0; py < s[2]; py += sizes_.patch) {
      for (std::int64_t px = 0; px < s[3]; px += sizes_.patch) {
        Row row;
        for (std::int64_t c = 0; c < 3; ++c) {
          for (std::int64_t y = py; y < py + sizes_.patch; ++y) {
            for (std::int64_t x = px; x < px + sizes_.patch; ++x) {
              const double value = input.as<float>()[at(((n * 3 + c) * s[2] + y) * s[3] + x)];
              row.push_back(std::round((value - channel_offset[at(c)]) / smoothing_scale[at(c)]));
            }
          }
        }
        result.push_back(row);
      }
    }
    return result;
  }

  // The pixels' layer, with what its channel_offset adds: sum_c w_oc u_o shift_c / fold_c.
  Rows embedded(const Tensor& input, std::int64_t n) const {
    Rows x = layer("patch_embed.proj", patches(input, n), true);
    const Tensor& codes = weights_.at("patch_embed.proj.weight");
    const Row u = values("patch_embed.proj.1.scale");
    const Row smoothing_scale = values("patch_embed.proj.0.smoothing_scale");
    const Row channel_offset = values("patch_embed.proj.0.channel_offset");
    const auto k = at(3 * sizes_.patch * sizes_.patch);
    for (std::size_t o = 0; o < u.size(); ++o) {
      double added = 0.0;
      for (std::size_t c = 0; c < k; ++c) {
        added += static_cast<double>(code(codes, o * k + c)) * channel_offset[c * 3 / k] /
                 smoothing_scale[c * 3 / k];
      }
      for (Row& row : x) row[o] += u[o] * added;
    }
    x.insert(x.begin(), values("cls_token"));
    const Row positions = values("pos_embed");
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t c = 0; c < x[t].size(); ++c) x[t][c] += positions[t * x[t].size() + c];
    }
    return x;
  }

  static void add(Rows& x, const Rows& y) {
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t c = 0; c < x[t].size(); ++c) x[t][c] += y[t][c];
    }
  }

  Row image_logits(const Tensor& input, std::int64_t n) const {
    Rows x = embedded(input, n);
    for (std::int64_t i = 0; i < sizes_.depth; ++i) {
      const std::string block = "blocks." + std::to_string(i) + ".";
      add(x, layer(block + "attn.proj",
                   attention(layer(block + "attn.qkv", norm(block + "norm1", x)))));
      Rows hidden = layer(block + "mlp.fc1", norm(block + "norm2", x));
      for (Row& row : hidden) {
        for (double& v : row) v = 0.5 * v * (1.0 + std::erf(v / std::sqrt(2.0)));
      }
      add(x, layer(block + "mlp.fc2", hidden));
    }
    return layer("head", {norm("norm", x)[0]})[0];
  }

  const Weights& weights_;
  Sizes sizes_;
};

}  // namespace vitq::test
