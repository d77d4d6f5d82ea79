// SPDX-License-Identifier: Apache-2.0
// The models that are served, by name. Each has a queue; a reload replaces the network behind it.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "serve/batcher.h"
#include "vitq/attention.h"
#include "vitq/model.h"

namespace vitq::apps {

// One version of a model. It never changes, and lives until the last request that it answers.
struct LoadedModel {
  std::shared_ptr<const Model> model;     // on all threads
  std::shared_ptr<const Model> single;    // the same on one
  std::shared_ptr<const Model> observed;  // to look into; null where there is no attention to see
  std::string version;                    // how often it was loaded: "1"
  std::string format;                     // "float", or bits as "w7a8"
  std::int64_t file_bytes = 0;
  std::vector<std::string> abilities = {};  // what it can be asked
};

class ServedModel {
 public:
  // Throws what Model::load throws.
  ServedModel(std::string name, std::filesystem::path file, const SessionOptions& session,
              const BatchOptions& batches, Metrics& metrics);

  const std::string& name() const { return name_; }
  Batcher& batcher() { return batcher_; }
  std::shared_ptr<const LoadedModel> current() const;

  // Reads the file anew. Requests that were accepted before are answered by the network before.
  // Where it throws, everything stays as it was.
  void reload();

 private:
  std::shared_ptr<const LoadedModel> load(int version) const;

  std::string name_;
  std::filesystem::path file_;
  SessionOptions session_;
  Metrics& metrics_;
  std::mutex reloading_;
  int version_ = 0;
  mutable std::mutex mutex_;
  std::shared_ptr<const LoadedModel> current_;
  Batcher batcher_;
};

class Repository {
 public:
  // Each of `models` is a file or the name of an installed model, or NAME=FILE. Without NAME it is
  // the file's stem. Throws UsageError for a name that comes twice or that no URL could hold.
  Repository(const std::vector<std::string>& models, const SessionOptions& session,
             const BatchOptions& batches, Metrics& metrics);

  // Throws HttpError (404). An empty name is that of the only model, if there is but one.
  ServedModel& at(const std::string& name) const;
  const std::vector<std::unique_ptr<ServedModel>>& models() const { return models_; }

 private:
  std::vector<std::unique_ptr<ServedModel>> models_;
};

}  // namespace vitq::apps
