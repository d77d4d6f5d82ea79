// SPDX-License-Identifier: Apache-2.0
// Answers requests: finds the function that a request goes to, checks who asks, counts and logs.
#pragma once

#include <memory>

#include "serve/call.h"

namespace vitq::apps {

// Answers any request, once, and throws nothing.
void answer(Context& context, const std::shared_ptr<const HttpRequest>& request,
            const Respond& respond);

}  // namespace vitq::apps
