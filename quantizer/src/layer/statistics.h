// SPDX-License-Identifier: Apache-2.0
// How LayerData collects what it is asked for.
#pragma once

#include "vitq/layer_data.h"

namespace vitq {

// About `count` rows at most, without targets. Output tokens come first: all of them, or as many as
// fill half of the sample if there are other rows. Of the others every image gives in proportion to
// how many it has, picked at random with a fixed seed.
LayerSample choose_rows(const LayerSource& source, std::int64_t count, int threads);
// Fills in the outputs that the draft is fitted to.
void fill_targets(const LayerDraft& layer, const LayerSource& source, LayerSample& sample);
// Keeps all output tokens and evenly so many other rows that about `count` are left.
LayerSample thinned(const LayerSample& sample, std::int64_t count);

Moments collect_moments(const LayerDraft& layer, LayerData& data, Cross cross);

}  // namespace vitq
