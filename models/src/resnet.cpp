// SPDX-License-Identifier: Apache-2.0
#include "resnet.h"

namespace vitq {
namespace {

struct Block {
  std::int64_t planes, channels;
  int stride, dilation;
  bool project;  // the shortcut is a convolution, too
  bool stride_in_first;
  Act act;
};

Value relu(Value x) {
  return activate(x, Act::kRelu);
}

// This is figure 5, right.
Value bottleneck(const Scope& s, Value x, const Block& b) {
  const int first = b.stride_in_first ? b.stride : 1;
  Value y = relu(conv2d(s / "conv1", x, {.channels = b.planes, .stride = first}));
  y = relu(conv2d(s / "conv2", y,
                  {.channels = b.planes,
                   .kernel = 3,
                   .stride = b.stride / first,
                   .pad = b.dilation,
                   .dilation = b.dilation}));
  y = conv2d(s / "conv3", y, {.channels = b.channels});
  const Value shortcut =
      b.project ? conv2d(s / "downsample" / 0, x, {.channels = b.channels, .stride = b.stride}) : x;
  return activate(y + shortcut, b.act);
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
      x = bottleneck(layer / i, x,
                     {.planes = c.planes[stage],
                      .channels = c.channels[stage],
                      .stride = strides ? 2 : 1,
                      .dilation = dilated && !first ? 2 : 1,
                      .project = first,
                      .stride_in_first = c.stride_in_first,
                      .act = c.act});
    }
  }
  return x;
}

}  // namespace vitq
