// SPDX-License-Identifier: Apache-2.0
#include "resnet.h"

namespace vitq {
namespace {

struct Block {
  std::int64_t planes, channels;
  int stride, dilation;
  bool project;  // the shortcut is a convolution, too
};

Value relu(Value x) {
  return activate(x, Act::kRelu);
}

// This is figure 5, right.
Value bottleneck(const Scope& s, Value x, const Block& b) {
  Value y = relu(conv2d(s / "conv1", x, {.channels = b.planes}));
  y = relu(conv2d(s / "conv2", y,
                  {.channels = b.planes,
                   .kernel = 3,
                   .stride = b.stride,
                   .pad = b.dilation,
                   .dilation = b.dilation}));
  y = conv2d(s / "conv3", y, {.channels = b.channels});
  const Value shortcut =
      b.project ? conv2d(s / "downsample" / 0, x, {.channels = b.channels, .stride = b.stride}) : x;
  return relu(y + shortcut);
}

}  // namespace

Value resnet(const Scope& s, Value image, const ResNetConfig& c) {
  Value x =
      relu(conv2d(s / "conv1", image, {.channels = c.stem, .kernel = 7, .stride = 2, .pad = 3}));
  x = max_pool(x, {.kernel = 3, .stride = 2, .pad = 1});
  for (std::size_t stage = 0; stage < ResNetConfig::kStages; ++stage) {
    const Scope layer = s / ("layer" + std::to_string(stage + 1));
    const bool dilated = c.dilation && stage + 1 == ResNetConfig::kStages;
    for (int i = 0; i < c.blocks[stage]; ++i) {
      const bool first = i == 0;
      // A dilated stage's first block still samples the previous grid.
      x = bottleneck(layer / i, x,
                     {.planes = c.planes[stage],
                      .channels = c.channels[stage],
                      .stride = first && stage > 0 && !dilated ? 2 : 1,
                      .dilation = dilated && !first ? 2 : 1,
                      .project = first});
    }
  }
  return x;
}

}  // namespace vitq
