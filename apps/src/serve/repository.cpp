// SPDX-License-Identifier: Apache-2.0
#include "serve/repository.h"

#include <algorithm>
#include <fstream>

#include "common/args.h"
#include "common/find_model.h"
#include "common/model_facts.h"
#include "common/table.h"
#include "vitq/error.h"
#include "vitq/graph.h"

namespace vitq::apps {

namespace {

// The network keeps a copy of the file. A mapped one would be pulled from under a server if
// somebody wrote over the file in place.
std::vector<std::byte> read_whole(const std::filesystem::path& path) {
  std::error_code missing;
  if (!std::filesystem::is_regular_file(path, missing)) {
    throw FileError(Fault::kUnreadable, path.string(), "it is no regular file");
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  std::vector<std::byte> bytes(size < 0 ? 0 : static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) throw FileError(Fault::kUnreadable, path.string(), "it cannot be read");
  return bytes;
}

struct Named {
  std::string name;
  std::filesystem::path file;
};

Named named(const std::string& model) {
  const std::size_t equals = model.find('=');
  if (equals != std::string::npos) {
    return {model.substr(0, equals), find_model(model.substr(equals + 1))};
  }
  std::filesystem::path file = find_model(model);
  return {file.stem().string(), file};
}

void require_name(const std::string& name) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const bool plain = name.find_first_not_of(kPlain) == std::string::npos;
  if (!name.empty() && plain && name[0] != '.') return;
  throw UsageError("a model's name is of letters, digits and the characters . _ -; \"" + name +
                   "\" is not (NAME=FILE gives another)");
}

}  // namespace

ServedModel::ServedModel(std::string name, std::filesystem::path file,
                         const SessionOptions& session, const BatchOptions& batches,
                         Metrics& metrics)
    : name_(std::move(name)),
      file_(std::move(file)),
      session_(session),
      metrics_(metrics),
      batcher_(name_, batches, metrics) {
  reload();
}

std::shared_ptr<const LoadedModel> ServedModel::current() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return current_;
}

void ServedModel::reload() {
  const std::lock_guard<std::mutex> one(reloading_);
  std::shared_ptr<const LoadedModel> loaded = load(version_ + 1);
  ++version_;
  const Task task = loaded->model->task();
  metrics_.loaded(name_, loaded->version, std::string(name_of(task)), loaded->format);
  const std::lock_guard<std::mutex> lock(mutex_);
  current_ = std::move(loaded);
}

std::shared_ptr<const LoadedModel> ServedModel::load(int version) const {
  const std::vector<std::byte> bytes = read_whole(file_);
  const auto model = std::make_shared<const Model>(
      Model::load(bytes, file_.string(), {.session = session_, .lower = {}}));
  const Graph& graph = model->graph();
  model->reserve(graph[graph.inputs()[0]].shape);
  const auto single = std::make_shared<const Model>(model->with_threads(1));
  LoadedModel loaded = {model,
                        single,
                        nullptr,
                        std::to_string(version),
                        format_of(model->info()),
                        static_cast<std::int64_t>(bytes.size()),
                        abilities(*model)};
  if (has_attention_maps(*model)) {
    loaded.observed = std::make_shared<const Model>(observe_attention(*model));
  }
  return std::make_shared<const LoadedModel>(std::move(loaded));
}

Repository::Repository(const std::vector<std::string>& models, const SessionOptions& session,
                       const BatchOptions& batches, Metrics& metrics) {
  for (const std::string& model : models) {
    const Named one = named(model);
    require_name(one.name);
    for (const auto& other : models_) {
      if (other->name() != one.name) continue;
      throw UsageError("two models have the name \"" + one.name + "\"; NAME=FILE gives another");
    }
    models_.push_back(std::make_unique<ServedModel>(one.name, one.file, session, batches, metrics));
  }
}

ServedModel& Repository::at(const std::string& name) const {
  if (name.empty() && models_.size() == 1) return *models_[0];
  std::vector<std::string> names;
  for (const auto& model : models_) {
    if (model->name() == name) return *model;
    names.push_back(model->name());
  }
  throw HttpError(name.empty() ? 400 : 404,
                  (name.empty() ? "no model is named" : "there is no model '" + name + "'") +
                      std::string("; there are ") + listed(names));
}

}  // namespace vitq::apps
