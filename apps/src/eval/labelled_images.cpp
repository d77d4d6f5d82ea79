// SPDX-License-Identifier: Apache-2.0
#include "eval/labelled_images.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "common/image_inputs.h"
#include "vitq/error.h"
#include "vitq/text_lines.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// Reads a whole decimal number in [0, max].
std::optional<std::int64_t> number_in(std::string_view text, std::int64_t max) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  if (!whole || number < 0 || number > max) return std::nullopt;
  return number;
}

[[noreturn]] void fail(const fs::path& list, std::size_t line, const std::string& message) {
  throw FileError(Fault::kMalformed, list.string(),
                  "line " + std::to_string(line) + ": " + message);
}

LabelledImage parse_line(const fs::path& list, std::size_t number, std::string_view line,
                         std::int64_t classes) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos || tab == 0) {
    fail(list, number, "expected file<TAB>label, found '" + std::string(line) + "'");
  }
  const std::string_view rest = line.substr(tab + 1);
  const std::string_view label = rest.substr(0, rest.find('\t'));
  const std::optional<std::int64_t> id = number_in(label, classes - 1);
  if (!id) {
    fail(list, number,
         "expected a class id from 0 to " + std::to_string(classes - 1) + ", found '" +
             std::string(label) + "'");
  }
  return {fs::path(line.substr(0, tab)), *id};
}

// Folder names are often labels in lower case, with underscores for spaces.
std::string plain(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return lower(std::move(text));
}

// A name counts with each of its parts between commas. Lists of ImageNet's classes may start with
// the synset: "n01440764 tench, Tinca tinca".
std::vector<std::string> names_in(std::string_view text) {
  constexpr std::size_t kSynset = 9;
  std::vector<std::string> names;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool synset = text.size() > kSynset && text[0] == 'n' && text[kSynset] == ' ' &&
                      std::all_of(&text[1], &text[kSynset], is_digit);
  if (synset) {
    names.push_back(plain(std::string(text.substr(0, kSynset))));
    text.remove_prefix(kSynset + 1);
  }
  while (!text.empty()) {
    const std::size_t comma = text.find(", ");
    names.push_back(plain(std::string(text.substr(0, comma))));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 2);
  }
  return names;
}

// Answers class ids by name, and -1 where two classes share it.
std::map<std::string, std::int64_t> ids_by_name(std::span<const LabelColumns> classes) {
  std::map<std::string, std::int64_t> ids;
  const auto put = [&ids](const std::string& name, std::int64_t id) {
    const auto [place, fresh] = ids.emplace(name, id);
    if (!fresh && place->second != id) place->second = -1;
  };
  for (std::size_t id = 0; id < classes.size(); ++id) {
    for (const std::string& column : classes[id]) {
      for (const std::string& name : names_in(column)) put(name, static_cast<std::int64_t>(id));
    }
  }
  // A whole label beats a name that another class lists too.
  for (std::size_t id = 0; id < classes.size(); ++id) {
    for (const std::string& column : classes[id]) {
      if (!column.empty()) ids[plain(column)] = static_cast<std::int64_t>(id);
    }
  }
  return ids;
}

using ClassIds = std::vector<std::int64_t>;

// Answers the class of every folder by its name, or nothing if no name is a label's.
std::optional<ClassIds> by_label(const std::vector<fs::path>& folders,
                                 std::span<const LabelColumns> classes) {
  const std::map<std::string, std::int64_t> known = ids_by_name(classes);
  ClassIds ids;
  std::vector<fs::path> strangers;
  for (const fs::path& folder : folders) {
    const auto found = known.find(plain(folder.filename().string()));
    if (found == known.end() || found->second < 0) {
      strangers.push_back(folder);
    } else {
      ids.push_back(found->second);
    }
  }
  if (ids.empty()) return std::nullopt;
  if (strangers.empty()) return ids;
  throw FileError(Fault::kMalformed, strangers[0].string(),
                  "no single class has this name, though " + std::to_string(ids.size()) +
                      " other folders are named after classes");
}

std::optional<ClassIds> by_number(const std::vector<fs::path>& folders, std::int64_t classes) {
  ClassIds ids;
  for (const fs::path& folder : folders) {
    const auto id = number_in(folder.filename().string(), classes - 1);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

[[noreturn]] void refuse_folders(const fs::path& folder, const std::vector<fs::path>& folders,
                                 std::size_t classes) {
  const std::string first = folders.empty() ? "" : folders.front().filename().string();
  const bool synsets = names_in(first + " ").size() == 1 && first.starts_with('n');
  throw FileError(
      Fault::kMalformed, folder.string(),
      "expected a folder for each class, named by label or id, or all " + std::to_string(classes) +
          " in order; found " + std::to_string(folders.size()) +
          (synsets ? ", named as the synset " + first +
                         "; --classes FILE says whose they are: a synset a line in the order of "
                         "the classes, or lines of id<TAB>synset<TAB>name"
                   : "; --classes FILE gives the classes other names, --labels FILE takes a list"));
}

}  // namespace

std::vector<LabelledImage> read_label_list(const fs::path& list, const fs::path& folder,
                                           std::int64_t classes, bool keep_going) {
  std::vector<LabelledImage> images;
  std::size_t number = 0;
  for (const std::string& line : read_lines(list)) {
    ++number;
    if (line.empty()) continue;
    LabelledImage image = parse_line(list, number, line, classes);
    image.path = folder / image.path;
    if (!keep_going && !fs::is_regular_file(image.path)) {
      throw FileError(Fault::kUnreadable, image.path.string(),
                      "no such file, though line " + std::to_string(number) + " of " +
                          list.string() + " names it");
    }
    images.push_back(std::move(image));
  }
  if (images.empty()) throw FileError(Fault::kMalformed, list.string(), "lists no images");
  return images;
}

ClassFolders find_class_folders(const fs::path& folder, std::span<const LabelColumns> names,
                                std::int64_t classes, LeftOut& left_out) {
  const std::vector<fs::path> folders = folders_in(folder, left_out);
  ClassFolders found;
  std::optional<ClassIds> ids = by_label(folders, names);
  found.matching = "by label";
  if (!ids) {
    ids = by_number(folders, classes);
    found.matching = "by class id";
  }
  if (!ids || folders.empty()) {
    if (static_cast<std::int64_t>(folders.size()) != classes) {
      refuse_folders(folder, folders, static_cast<std::size_t>(classes));
    }
    ids.emplace();
    for (std::int64_t id = 0; id < classes; ++id) ids->push_back(id);
    found.matching = "by their sorted order";
  }
  for (std::size_t i = 0; i < folders.size(); ++i) {
    for (fs::path& path : images_in(folders[i], Below::kLeftOut, left_out)) {
      found.images.push_back({std::move(path), (*ids)[i]});
    }
  }
  if (found.images.empty()) {
    throw FileError(Fault::kMalformed, folder.string(),
                    "its class folders hold no " + image_endings() +
                        " file (left out: " + left_out.str() + ")");
  }
  return found;
}

std::vector<LabelledImage> find_unlabelled(const fs::path& folder, LeftOut& left_out) {
  LeftOut ignored;
  if (!folders_in(folder, ignored).empty()) return {};
  return all_images(folder, left_out);
}

std::vector<LabelledImage> all_images(const fs::path& folder, LeftOut& left_out) {
  std::vector<LabelledImage> images;
  for (std::string& path : expand_inputs({folder.string()}, Below::kTaken, left_out)) {
    images.push_back({std::move(path), kNoLabel});
  }
  return images;
}

std::vector<LabelledImage> spread(std::span<const LabelledImage> images, std::size_t count) {
  if (count >= images.size()) return {images.begin(), images.end()};
  std::vector<LabelledImage> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(images[i * images.size() / count]);
  return chosen;
}

}  // namespace vitq::apps
