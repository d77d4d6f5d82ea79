// SPDX-License-Identifier: Apache-2.0
#include "inspect/options.h"

#include <CLI/CLI.hpp>

#include "common/args.h"
#include "common/image_inputs.h"

namespace vitq::apps {

void declare(CLI::App& app, InspectJob& job) {
  app.add_option("FILE", job.files,
                 "A model file, a safetensors file or a shard index; with --compare a reference, "
                 "a model made from it, and an image")
      ->required();
  app.add_flag("--compare", job.compare,
               "Show how far each layer of the second model is from the first one's, for the "
               "image");
  add_image_limits(app, job.image_limits);
  app.add_option("-f,--format", job.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_option("--graph", job.graph, "Show the network's graph: text, or dot for GraphViz")
      ->check(CLI::IsMember({"text", "dot"}));
  app.add_flag("--verify", job.verify, "Check the data against the checksum in the file");
}

void require_sense(const InspectJob& job) {
  if (job.compare && job.files.size() != 3) {
    throw UsageError("--compare takes two model files and an image");
  }
  if (!job.compare && job.files.size() != 1) throw UsageError("expected one file (see --help)");
  if (job.verify && (job.compare || job.files[0].extension() == ".json")) {
    throw UsageError(
        "--verify takes one safetensors file: an index and --compare have no checksum");
  }
  if (!job.graph.empty() && job.format == "json") throw UsageError("--graph has no JSON");
}

}  // namespace vitq::apps
