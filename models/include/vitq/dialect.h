// SPDX-License-Identifier: Apache-2.0
// A dialect says, as data, how checkpoints name their tensors. A family lists the dialects that it
// is found in, and weights_tools applies them.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace vitq {

// Patterns are tensor names in which "*" stands for one part between dots, or at a part's end for
// the rest of it ("encoder_layer_*"). What is found takes the place of the stars of `to`, in order.
struct Rename {
  std::string_view from;
  std::string_view to;
  int rank = 0;  // extents of 1 come before the others up to this rank
};

// Lays tensors end to end along the first axis, such as separate queries, keys and values. A name
// that is empty stands for no part.
struct Join {
  std::array<std::string_view, 3> from;
  std::string_view to;
};

// Does the reverse: cuts a tensor into equal parts along the first axis, one for each name.
struct Split {
  std::string_view from;
  std::array<std::string_view, 3> to;
};

// Folds a batch norm into the convolution before it: "<norm>.weight", ".bias", ".running_mean" and
// ".running_var" go into "<conv>.weight" and "<conv>.bias".
struct Norm {
  std::string_view conv;
  std::string_view norm;
};

// Multiplies the rows of "<layer>.weight" and "<layer>.bias" by the vector `gain`. This is
// LayerScale (arXiv:2103.17239), which every layer of the pattern has, or none.
struct LayerScale {
  std::string_view layer;
  std::string_view gain;
};

struct Dialect {
  std::string_view name;  // for people: "Hugging Face, classic"
  std::string_view mark;  // a tensor name that only this dialect has
  // Prefixes that are taken off first, where present. Those that programs wrap networks in, such as
  // "module." and "_orig_mod.", come off in any case.
  std::span<const std::string_view> strip;
  std::span<const Rename> renames;  // a name that no pattern matches is canonical already
  std::span<const Join> joins;      // applied before the renames
  // Tensors that inference does not need. A pattern that ends with a dot is a prefix.
  std::span<const std::string_view> ignore;
  std::span<const Split> splits = {};             // applied before the renames, too
  std::span<const Norm> norms = {};               // and so are these
  std::span<const LayerScale> layer_scales = {};  // and these
  // Canonical names that inference does not need where there is a "head.weight".
  std::span<const std::string_view> ignore_beside_head = {};
};

}  // namespace vitq
