// SPDX-License-Identifier: Apache-2.0
// Which rows of a value are output, and which values have no others.
#pragma once

#include <optional>
#include <vector>

#include "vitq/graph.h"
#include "vitq/quant.h"

namespace vitq {

class RowsOfGraph {
 public:
  explicit RowsOfGraph(const Graph& graph);

  // The output tokens on axis 1 of this value, if it has rows of every token.
  std::optional<AxisSpan> output_tokens(NodeId id) const;
  // Whether the value comes after other rows have been cut away.
  bool reduced(NodeId id) const { return reduced_[static_cast<std::size_t>(id)]; }
  // Whether of this value only the output tokens have an effect on the outputs.
  bool special_only(NodeId id) const;
  // The value with all rows that this one was cut out of; or -1.
  NodeId uncut(NodeId id) const;
  // The first sum of the residual stream that a change of this value reaches; or -1.
  NodeId stream_after(NodeId id) const;
  // Sums of two values with rows of every token, of which more than the output ones matter.
  std::vector<NodeId> stream() const;
  const std::vector<NodeId>& readers(NodeId id) const {
    return readers_[static_cast<std::size_t>(id)];
  }

 private:
  bool cuts(NodeId id) const;
  bool keeps_rows(NodeId reader, NodeId id) const;
  bool in_stream(NodeId id) const;

  const Graph& graph_;
  std::vector<std::vector<NodeId>> readers_;
  std::optional<AxisSpan> output_tokens_;
  std::int64_t tokens_ = 0;
  std::vector<bool> reduced_;
};

}  // namespace vitq
