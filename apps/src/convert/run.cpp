// SPDX-License-Identifier: Apache-2.0
#include "convert/run.h"

#include <iostream>

#include "common/args.h"
#include "common/output.h"
#include "common/table.h"
#include "vitq/family.h"
#include "vitq/model_file.h"

namespace vitq::apps {

namespace {

std::string size_of_input(const ModelInfo& info) {
  if (family(info.family).any_size) return "any size";
  const Shape image = family(info.family).image_shape(info.config);
  return std::to_string(image[2]) + " x " + std::to_string(image[1]);
}

// Files of the folder count though nobody has named them, so the summary names them.
std::string files_beside(const Checkpoint& source) {
  std::string text;
  if (!source.config.members().empty()) text += ", with config.json";
  if (!source.preprocessor.is_null()) text += ", with preprocessor_config.json";
  return text;
}

void summarize(const ConvertJob& job, const Checkpoint& source, const Converted& made) {
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : made.weights.tensors) {
    parameters += tensor.shape().elements();
    bytes += static_cast<std::int64_t>(tensor.bytes());
  }
  std::cerr << job.output.string() << ": " << family(made.info.family).title << '\n'
            << "  from           " << source.path << files_beside(source) << '\n'
            << "  named as by    " << made.dialect << '\n'
            << "  input          " << size_of_input(made.info) << '\n'
            << "  parameters     " << with_prefix(static_cast<double>(parameters)) << ", "
            << byte_count(bytes) << '\n'
            << "  preprocessing  " << in_words(made.info.preprocess) << '\n';
  if (!made.head.empty()) std::cerr << "  head           " << made.head << '\n';
  if (task_of(made.info) == Task::kFeatures) {
    std::cerr << "  answers        features (it has no head; --head FILE gives it one)\n";
  } else if (made.info.labels.empty()) {
    std::cerr << "  labels         none (--labels FILE gives the classes names)\n";
  } else {
    std::cerr << "  labels         " << made.info.labels.size() << '\n';
  }
  if (made.info.scores != Scores::kSoftmax) {
    const bool raw = made.info.scores == Scores::kRaw;
    std::cerr << "  scores         "
              << (raw ? "the outputs themselves" : "a sigmoid for each class") << '\n';
  }
  std::cerr << "  configuration  " << in_words(made.info.config) << '\n';
  for (const std::string& choice : made.choices) {
    std::cerr << "  decided        " << choice << '\n';
  }
  for (const std::string& assumption : made.assumptions) {
    std::cerr << "  assumed        " << assumption << '\n';
  }
  for (const std::string& place : made.unknown_keys) {
    std::cerr << "  unknown key    " << place << " (not read)\n";
  }
  if (!made.ignored.empty()) {
    std::cerr << "  ignored        " << made.ignored.size()
              << (made.ignored.size() == 1 ? " tensor, " : " tensors, ") << made.ignored.front()
              << (made.ignored.size() == 1 ? "\n" : ", ...\n");
  }
}

}  // namespace

int run(const ConvertJob& job) {
  require_free(job.output, job.overwrite);
  const Checkpoint source = read_checkpoint(job.source);
  const Converted made = convert(source, job.options);
  write_model(job.output, made.info, made.weights, job.overwrite);
  summarize(job, source, made);
  return kOk;
}

}  // namespace vitq::apps
