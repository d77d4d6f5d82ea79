// SPDX-License-Identifier: Apache-2.0
// Tables show the steps of a network: what runs where (--explain), and what it costs (--profile).
#pragma once

#include <string>

#include "vitq/session.h"

namespace vitq::apps {

// Each step has a line: operation, result, multiply-accumulates, bytes and kernel.
std::string explain_table(const Session& session);

// Runs the network `runs` times on `input`, after a first run that does not count. The table shows
// the time per run of each step and of each kind of operation. The session must have been made for
// profiling.
std::string profile_table(Session& session, const Tensor& input, int runs);

}  // namespace vitq::apps
