// SPDX-License-Identifier: Apache-2.0
// Which rows of a layer's inputs are kept as they are.
#pragma once

#include "vitq/layer_data.h"

namespace vitq {

// At most about `count` rows, without targets: all output ones (half of the room at most, if there
// are others), and others of every image in proportion to how many it has, picked at random with a
// fixed seed.
RowSample choose_rows(const LayerSource& source, std::int64_t count, int threads);
// Fills in what the layer should make of the rows.
void fill_targets(const LayerDraft& layer, const LayerSource& source, RowSample& rows);
// Every so-many-th of the rows that are not output, so that about `count` are left.
RowSample thinned(const RowSample& rows, std::int64_t count);

}  // namespace vitq
