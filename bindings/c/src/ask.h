// SPDX-License-Identifier: Apache-2.0
// Functions that ask a model something have one shape.
#pragma once

#include "call.h"
#include "models.h"
#include "results.h"

namespace vitq::c {

// Calls answer(model, result) and hands the result out.
template <typename Answer>
vitq_status ask(vitq_model model, vitq_result* result, const Answer& answer) {
  return call([&] {
    vitq_result& made = required(result, "result");
    Result found;
    answer(open_model(model)->model, found);
    made = hand_out(std::move(found));
  });
}

}  // namespace vitq::c
