// SPDX-License-Identifier: Apache-2.0
#include "resnet.h"

namespace vitq {
namespace {

struct Block {
  std::int64_t planes, channels;
  int stride;
  int dilation_before, dilation;  // of the block before it and its own
  bool stride_in_first;
  Act act;
};

Value relu(Value x) {
  return activate(x, Act::kRelu);
}

// The shortcut is a convolution where it has to change shape.
Value joined(const Scope& s, Value x, Value y, const Block& b) {
  const bool same = b.stride == 1 && x.shape()[1] == b.channels;
  const Value shortcut =
      same ? x : conv2d(s / "downsample" / 0, x, {.channels = b.channels, .stride = b.stride});
  return activate(y + shortcut, b.act);
}

// This is figure 5, left.
Value basic(const Scope& s, Value x, const Block& b) {
  const Value y = relu(conv2d(s / "conv1", x,
                              {.channels = b.planes,
                               .kernel = 3,
                               .stride = b.stride,
                               .pad = b.dilation_before,
                               .dilation = b.dilation_before}));
  return joined(
      s, x,
      conv2d(s / "conv2", y,
             {.channels = b.channels, .kernel = 3, .pad = b.dilation, .dilation = b.dilation}),
      b);
}

// This is figure 5, right.
Value bottleneck(const Scope& s, Value x, const Block& b) {
  const int first = b.stride_in_first ? b.stride : 1;
  Value y = relu(conv2d(s / "conv1", x, {.channels = b.planes, .stride = first}));
  y = relu(conv2d(s / "conv2", y,
                  {.channels = b.planes,
                   .kernel = 3,
                   .stride = b.stride / first,
                   .pad = b.dilation_before,
                   .dilation = b.dilation_before}));
  return joined(s, x, conv2d(s / "conv3", y, {.channels = b.channels}), b);
}

}  // namespace

Value resnet(const Scope& s, Value image, const ResNetConfig& c) {
  Value x = conv2d(s / "conv1", image, {.channels = c.stem, .kernel = 7, .stride = 2, .pad = 3});
  x = activate(x, c.act);
  x = max_pool(x, {.kernel = 3, .stride = 2, .pad = 1});
  for (std::size_t stage = 0; stage < ResNetConfig::kStages; ++stage) {
    const Scope layer = s / ("layer" + std::to_string(stage + 1));
    const bool dilated = c.dilation && stage + 1 == ResNetConfig::kStages;
    for (int i = 0; i < c.blocks[stage]; ++i) {
      const bool first = i == 0;
      const bool strides = first && !dilated && (stage > 0 || c.first_stage_strides);
      // A dilated stage's first block still samples the previous grid.
      const Block block = {.planes = c.planes[stage],
                           .channels = c.channels[stage],
                           .stride = strides ? 2 : 1,
                           .dilation_before = dilated && !first ? 2 : 1,
                           .dilation = dilated ? 2 : 1,
                           .stride_in_first = c.stride_in_first,
                           .act = c.act};
      x = c.bottleneck ? bottleneck(layer / i, x, block) : basic(layer / i, x, block);
    }
  }
  return x;
}

}  // namespace vitq
