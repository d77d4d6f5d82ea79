// SPDX-License-Identifier: Apache-2.0
// This file finds the files of a checkpoint.
#include "vitq/convert.h"
#include "vitq/error.h"

namespace vitq {
namespace {

namespace fs = std::filesystem;

// A source consists of these files. The path is empty where there is none.
struct SourceFiles {
  fs::path weights;
  fs::path config;
  fs::path preprocessor;
};

fs::path if_exists(const fs::path& path) {
  return fs::exists(path) ? path : fs::path();
}

// Says which files the folder has that hold weights nevertheless.
[[noreturn]] void refuse_folder(const fs::path& folder) {
  std::string pickles;
  std::string others;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::string extension = entry.path().extension().string();
    std::string* list = nullptr;
    if (extension == ".safetensors") list = &others;
    if (extension == ".bin" || extension == ".pth" || extension == ".pt") list = &pickles;
    if (list != nullptr) *list += (list->empty() ? "" : ", ") + name;
  }
  std::string text = "the folder holds neither model.safetensors nor model.safetensors.index.json";
  if (!others.empty()) {
    text += "; name the file that is meant: " + others;
  } else if (!pickles.empty()) {
    text += ", but pickles of PyTorch: " + pickles +
            "; docs/checkpoints.md says how to make a safetensors file of one";
  }
  throw FileError(Fault::kUnreadable, folder.string(), text);
}

SourceFiles find_files(const fs::path& source) {
  if (!fs::exists(source)) {
    throw FileError(Fault::kUnreadable, source.string(), "no such file or folder");
  }
  const fs::path folder = fs::is_directory(source) ? source : source.parent_path();
  SourceFiles files = {source, if_exists(folder / "config.json"),
                       if_exists(folder / "preprocessor_config.json")};
  if (!fs::is_directory(source)) return files;
  files.weights = if_exists(folder / "model.safetensors");
  if (files.weights.empty()) files.weights = if_exists(folder / "model.safetensors.index.json");
  if (files.weights.empty()) refuse_folder(source);
  return files;
}

Weights read_weights(const fs::path& path) {
  return path.extension() == ".json" ? read_safetensors_index(path) : read_safetensors(path);
}

}  // namespace

Checkpoint read_checkpoint(const fs::path& source) {
  const SourceFiles files = find_files(source);
  Checkpoint found = {.path = files.weights.string(), .weights = read_weights(files.weights)};
  if (!files.config.empty()) found.config = Json::read(files.config);
  if (!files.preprocessor.empty()) found.preprocessor = Json::read(files.preprocessor);
  return found;
}

}  // namespace vitq
