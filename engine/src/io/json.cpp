// SPDX-License-Identifier: Apache-2.0
#include "vitq/json.h"

#include <charconv>
#include <cmath>

#include "core/text.h"
#include "io/files.h"
#include "io/foreign_file.h"
#include "io/json_dom.h"
#include "vitq/error.h"

namespace vitq {

// A value inside a tree that it shares with its relatives, so that reading a member copies nothing.
// Trees are changed only while nobody else holds them.
struct Json::Node {
  std::shared_ptr<JsonTree> root;
  JsonTree* value;
  std::string place;

  explicit Node(JsonTree tree, std::string name = "JSON: $")
      : root(std::make_shared<JsonTree>(std::move(tree))),
        value(root.get()),
        place(std::move(name)) {}
  Node(const Node& parent, JsonTree& child, const std::string& step)
      : root(parent.root), value(&child), place(parent.place + step) {}

  static Json make(Node node) {
    Json json;
    *json.node_ = std::move(node);
    return json;
  }

  // The value as the only owner of its tree.
  JsonTree& own() {
    if (root.use_count() > 1 || value != root.get()) {
      root = std::make_shared<JsonTree>(*value);
      value = root.get();
    }
    return *value;
  }
};

namespace {

std::string describe(const JsonTree& value) {
  if (value.is_number()) return value.dump();
  if (value.is_string())
    return cat("the string ", vitq::quoted(value.get_ref<const std::string&>()));
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return value.dump();
}

JsonTree finite_or_null(double value) {
  return std::isfinite(value) ? JsonTree(value) : JsonTree();
}

// The shortest decimal that reads back as the same float: 0.485, not 0.48500001430511475.
JsonTree short_number(float value) {
  if (!std::isfinite(value)) return {};
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  double parsed = 0;
  std::from_chars(text, end, parsed);
  return static_cast<float>(parsed) == value ? parsed : static_cast<double>(value);
}

}  // namespace

Json::Json() : node_(std::make_unique<Node>(JsonTree())) {}
Json::Json(bool value) : node_(std::make_unique<Node>(JsonTree(value))) {}
Json::Json(std::int64_t value) : node_(std::make_unique<Node>(JsonTree(value))) {}
Json::Json(int value) : Json(std::int64_t{value}) {}
Json::Json(double value) : node_(std::make_unique<Node>(finite_or_null(value))) {}
Json::Json(std::string_view value) : node_(std::make_unique<Node>(JsonTree(std::string(value)))) {}
Json::Json(const std::string& value) : Json(std::string_view(value)) {}
Json::Json(const char* value) : Json(std::string_view(value)) {}

Json::Json(const Json& other) : node_(std::make_unique<Node>(*other.node_)) {}
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json& other) {
  if (this != &other) node_ = std::make_unique<Node>(*other.node_);
  return *this;
}
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::object() {
  return Node::make(Node(JsonTree::object()));
}

Json Json::array() {
  return Node::make(Node(JsonTree::array()));
}

Json Json::array(std::span<const float> values) {
  JsonTree tree = JsonTree::array();
  for (const float value : values) tree.push_back(short_number(value));
  return Node::make(Node(std::move(tree)));
}

Json Json::array(std::span<const double> values) {
  return Node::make(Node(JsonTree::array_t(values.begin(), values.end())));
}

Json Json::array(std::span<const std::int64_t> values) {
  return Node::make(Node(JsonTree::array_t(values.begin(), values.end())));
}

Json Json::array(std::span<const std::string> values) {
  return Node::make(Node(JsonTree::array_t(values.begin(), values.end())));
}

Json& Json::set(std::string_view key, Json value) {
  if (!is_object()) fail(cat("cannot set a member of ", describe(*node_->value)));
  node_->own()[std::string(key)] = std::move(value.node_->own());
  return *this;
}

Json& Json::set_all(const Json& object) {
  for (auto& [key, value] : object.members()) set(key, value);
  return *this;
}

Json& Json::push(Json value) {
  if (!is_array()) fail(cat("cannot append to ", describe(*node_->value)));
  node_->own().push_back(std::move(value.node_->own()));
  return *this;
}

Json Json::parse(std::string_view text, const std::string& source, const Limits& limits) {
  JsonTree tree = parse_json_tree(text, source, limits);
  return Node::make(Node(std::move(tree), source + ": $"));
}

Json Json::parse(std::string_view text, const std::string& source) {
  return parse(text, source, Limits());
}

Json Json::read(const std::filesystem::path& path, const Limits& limits) {
  const std::vector<std::byte> bytes = read_bytes(path, limits.bytes);
  if (const std::string what = foreign_file(bytes); !what.empty()) {
    throw FileError(Fault::kMalformed, path.string(), what);
  }
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  return parse(std::string_view(text, bytes.size()), path.string(), limits);
}

Json Json::read(const std::filesystem::path& path) {
  return read(path, Limits());
}

Json Json::read_lists(const std::filesystem::path& path, const Limits& limits, const Each& each) {
  const std::string root = path.string() + ": $";
  const auto take = [&](const std::string& member, std::size_t index, JsonTree element) {
    const std::string place = root + place_of_member(member) + place_of_element(index);
    each(member, Node::make(Node(std::move(element), place)));
  };
  return Node::make(Node(read_json_lists(path, limits, take), root));
}

bool Json::is_null() const {
  return node_->value->is_null();
}
bool Json::is_object() const {
  return node_->value->is_object();
}
bool Json::is_array() const {
  return node_->value->is_array();
}
bool Json::is_string() const {
  return node_->value->is_string();
}
bool Json::is_number() const {
  return node_->value->is_number();
}
bool Json::is_integer() const {
  return node_->value->is_number_integer() && !node_->value->is_number_unsigned();
}
bool Json::is_boolean() const {
  return node_->value->is_boolean();
}

Json Json::at(std::string_view key) const {
  if (!is_object()) fail(cat("expected an object, found ", describe(*node_->value)));
  const auto found = node_->value->find(key);
  if (found == node_->value->end()) fail(cat("expected a member ", quoted(key), ", found none"));
  return Node::make(Node(*node_, *found, place_of_member(key)));
}

std::optional<Json> Json::find(std::string_view key) const {
  if (!contains(key)) return std::nullopt;
  Json value = at(key);
  if (value.is_null()) return std::nullopt;
  return value;
}

bool Json::contains(std::string_view key) const {
  if (!is_object()) fail(cat("expected an object, found ", describe(*node_->value)));
  return node_->value->contains(key);
}

std::vector<std::pair<std::string, Json>> Json::members() const {
  if (!is_object()) fail(cat("expected an object, found ", describe(*node_->value)));
  std::vector<std::pair<std::string, Json>> result;
  result.reserve(node_->value->size());
  for (auto& [key, value] : node_->value->get_ref<JsonTree::object_t&>()) {
    result.emplace_back(key, Node::make(Node(*node_, value, place_of_member(key))));
  }
  return result;
}

std::vector<Json> Json::items() const {
  if (!is_array()) fail(cat("expected an array, found ", describe(*node_->value)));
  std::vector<Json> result;
  result.reserve(node_->value->size());
  for (JsonTree& value : *node_->value) {
    result.push_back(Node::make(Node(*node_, value, place_of_element(result.size()))));
  }
  return result;
}

bool Json::boolean() const {
  if (!is_boolean()) fail(cat("expected true or false, found ", describe(*node_->value)));
  return node_->value->get<bool>();
}

std::int64_t Json::integer(std::int64_t min, std::int64_t max) const {
  if (is_integer()) {
    const auto value = node_->value->get<std::int64_t>();
    if (value >= min && value <= max) return value;
  }
  fail(cat("expected an integer from ", min, " to ", max, ", found ", describe(*node_->value)));
}

double Json::number() const {
  if (!is_number()) fail(cat("expected a number, found ", describe(*node_->value)));
  return node_->value->get<double>();
}

std::string Json::string() const {
  if (!is_string()) fail(cat("expected a string, found ", describe(*node_->value)));
  return node_->value->get<std::string>();
}

namespace {

// Arrays in the array are taken, too, if it may be `nested`.
void append_floats(const JsonTree& array, const std::string& place, bool nested,
                   std::vector<float>& floats) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    const JsonTree& item = array[i];
    if (nested && item.is_array()) {
      append_floats(item, place + place_of_element(i), nested, floats);
      continue;
    }
    floats.push_back(item.is_number() ? static_cast<float>(item.get<double>()) : HUGE_VALF);
    if (std::isfinite(floats.back())) continue;
    throw FileError(Fault::kMalformed, place + place_of_element(i),
                    cat("expected a number", item.is_number() ? " that fits a float" : "",
                        ", found ", describe(item)));
  }
}

}  // namespace

std::vector<float> Json::floats() const {
  if (!is_array()) fail(cat("expected an array, found ", describe(*node_->value)));
  std::vector<float> result;
  append_floats(*node_->value, place(), false, result);
  return result;
}

std::vector<float> Json::nested_floats() const {
  if (!is_array()) fail(cat("expected an array, found ", describe(*node_->value)));
  std::vector<float> result;
  append_floats(*node_->value, place(), true, result);
  return result;
}

const std::string& Json::place() const {
  return node_->place;
}

void Json::fail(std::string_view message) const {
  throw FileError(Fault::kMalformed, node_->place, std::string(message));
}

std::string Json::dump(int indent) const {
  // File names and other foreign strings may hold bytes that are not UTF-8; they become U+FFFD.
  return node_->value->dump(indent, ' ', false, JsonTree::error_handler_t::replace);
}

}  // namespace vitq
