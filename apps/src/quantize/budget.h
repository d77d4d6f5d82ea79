// SPDX-License-Identifier: Apache-2.0
// A budget decides the bits of each layer. This is how a user states it.
#pragma once

#include "vitq/budget.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

void declare(CLI::App& app, BitBudget& budget);
// Throws UsageError for options that do not go together.
void require_sense(const BitBudget& budget);

}  // namespace vitq::apps
