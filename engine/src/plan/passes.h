// SPDX-License-Identifier: Apache-2.0
// What is seen only when all steps are there: work that a neighbour does on its way, and memory
// that two of them can share.
#pragma once

#include "vitq/plan.h"

namespace vitq {

// Moves each coding into the epilogue of the step that makes the rows, where that can do it.
void fuse_codings(Plan& plan);
// Lets an integer layer write where its result would only be copied to, as into the frame of zeros
// of a convolution.
void fuse_copies(Plan& plan);
// Lets an integer layer add to a residual in place, where nobody reads that again.
void reuse_residuals(Plan& plan);

}  // namespace vitq
