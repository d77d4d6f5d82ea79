// SPDX-License-Identifier: Apache-2.0
// This collects tensors of a run, [n, ...] each, and writes them as one .npy file.
#pragma once

#include <filesystem>
#include <vector>

#include "vitq/weights.h"

namespace vitq::apps {

class NpyStack {
 public:
  // Throws FileError if the file is there already and may not be overwritten.
  NpyStack(std::filesystem::path path, Overwrite overwrite);

  void add(const Tensor& tensor);
  // Writes the file, one tensor after the other along the first axis. Of no tensors there is none.
  // Throws ShapeError if the other axes differ.
  void finish() const;

 private:
  std::filesystem::path path_;
  Overwrite overwrite_;
  std::vector<Tensor> parts_;
};

}  // namespace vitq::apps
