// SPDX-License-Identifier: Apache-2.0
// JSON values: parsed strictly, read with checks, written for machines. Every read that fails
// throws a FileError (kMalformed) which names the file and the place:
// "config.json: $.pretrained_cfg.mean[2]: expected a number, found a string".
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitq {

class Json {
 public:
  struct Limits {
    int depth = 64;
    std::size_t bytes = 100'000'000;
    std::size_t string_bytes = 1 << 20;
    std::size_t tokens = 4'000'000;
  };

  // Builders. Objects keep the order of insertion.
  Json();                          // null
  Json(bool value);                // NOLINT(google-explicit-constructor): literals are values
  Json(std::int64_t value);        // NOLINT(google-explicit-constructor)
  Json(int value);                 // NOLINT(google-explicit-constructor)
  Json(double value);              // NOLINT(google-explicit-constructor)
  Json(std::string_view value);    // NOLINT(google-explicit-constructor)
  Json(const std::string& value);  // NOLINT(google-explicit-constructor)
  Json(const char* value);         // NOLINT(google-explicit-constructor)
  static Json object();
  static Json array();
  static Json array(std::span<const float> values);
  static Json array(std::span<const double> values);
  static Json array(std::span<const std::int64_t> values);
  static Json array(std::span<const std::string> values);
  Json& set(std::string_view key, Json value);  // replaces an existing key
  Json& set_all(const Json& object);            // sets every member of another object
  Json& push(Json value);

  // Strict parsing: UTF-8, one value, no duplicate keys, no NaN, within the limits. `source` is
  // what messages call the text.
  static Json parse(std::string_view text, const std::string& source, const Limits& limits);
  static Json parse(std::string_view text, const std::string& source);
  static Json read(const std::filesystem::path& path, const Limits& limits);
  static Json read(const std::filesystem::path& path);

  // Reads an object whose members may be long lists, in the memory of one of their elements. Each
  // element of such a list is given to `each` with the member's name, and then forgotten. Answers
  // the object, in which those lists are empty. The limit of tokens holds for each element.
  using Each = std::function<void(const std::string& member, const Json& element)>;
  static Json read_lists(const std::filesystem::path& path, const Limits& limits, const Each& each);

  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  bool is_null() const;
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  bool is_number() const;   // integer or fraction
  bool is_integer() const;  // written without fraction or exponent, within 64 bits signed
  bool is_boolean() const;

  // Members of an object. at() throws if the key is missing; find() answers nothing then, and also
  // for a null value.
  Json at(std::string_view key) const;
  std::optional<Json> find(std::string_view key) const;
  bool contains(std::string_view key) const;
  std::vector<std::pair<std::string, Json>> members() const;
  // Elements of an array.
  std::vector<Json> items() const;

  bool boolean() const;
  std::int64_t integer(std::int64_t min, std::int64_t max) const;
  double number() const;  // finite by construction
  std::string string() const;
  std::vector<float> floats() const;  // an array of numbers, each a finite float
  // The same of an array of such arrays, to any depth, one after the other; or of a flat one. It
  // takes no more memory than the floats.
  std::vector<float> nested_floats() const;

  // Where this value stands: "config.json: $.pretrained_cfg.mean".
  const std::string& place() const;
  // Throws the FileError of this place.
  [[noreturn]] void fail(std::string_view message) const;

  // indent < 0 writes one line.
  std::string dump(int indent = -1) const;

 private:
  struct Node;
  std::unique_ptr<Node> node_;
};

}  // namespace vitq
