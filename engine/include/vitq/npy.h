// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files: how tensors travel between this library and Python.
#pragma once

#include <filesystem>

#include "vitq/weights.h"

namespace vitq {

// Reads versions 1.0 and 2.0 of the format in C order: '<f4' or '<f8', which is rounded to float,
// as f32, and '|u1' as u8. Throws FileError that says what to do for anything else.
Tensor read_npy(const std::filesystem::path& path);

// Writes an f32 or u8 tensor as version 1.0, with the discipline of write_file. Throws ShapeError
// for other element types.
void write_npy(const std::filesystem::path& path, const Tensor& tensor, Overwrite overwrite);

}  // namespace vitq
