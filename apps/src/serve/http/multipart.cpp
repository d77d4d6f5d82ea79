// SPDX-License-Identifier: Apache-2.0
#include "serve/http/multipart.h"

#include <algorithm>
#include <cctype>

#include "serve/http/message.h"

namespace vitq::apps {

namespace {

constexpr std::string_view kKind = "multipart/form-data";
constexpr std::string_view kLine = "\r\n";
constexpr std::size_t kMaxParts = 100;

[[noreturn]] void refuse_body(const std::string& message) {
  throw HttpError(400, "the multipart body " + message);
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool starts_with(std::string_view text, std::string_view with) {
  return text.size() >= with.size() &&
         std::equal(with.begin(), with.end(), text.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the value that follows "name=", in quotes or not, off the front of `text`.
std::string take_value(std::string_view& text) {
  std::string value;
  if (text.empty() || text.front() != '"') {
    value = trimmed(text.substr(0, text.find(';')));
    text.remove_prefix(std::min(text.size(), text.find(';')));
    return value;
  }
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  text.remove_prefix(std::min(text.size(), i + 1));
  return value;
}

// Calls take(name, value) for the parameters after the first ';' of a header's value.
template <typename Take>
void for_parameters(std::string_view text, const Take& take) {
  text.remove_prefix(std::min(text.size(), text.find(';')));
  while (!text.empty()) {
    text.remove_prefix(1);  // the ';'
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view name = trimmed(text.substr(0, equals));
    text = trimmed(text.substr(equals + 1));
    take(name, take_value(text));
    text.remove_prefix(std::min(text.size(), text.find(';')));
  }
}

std::string boundary_of(std::string_view content_type) {
  std::string boundary;
  for_parameters(content_type, [&](std::string_view name, std::string value) {
    if (starts_with(name, "boundary") && name.size() == 8) boundary = std::move(value);
  });
  if (boundary.empty() || boundary.size() > 70)
    refuse_body("has no boundary of 1 to 70 characters");
  return boundary;
}

void read_head(std::string_view head, Part& part) {
  constexpr std::string_view kDisposition = "content-disposition:";
  while (!head.empty()) {
    const std::size_t end = std::min(head.size(), head.find(kLine));
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + kLine.size()));
    if (!starts_with(line, kDisposition)) continue;
    for_parameters(line, [&](std::string_view name, std::string value) {
      if (name == "name") part.name = std::move(value);
      if (name == "filename" || name == "filename*") part.file = true;
    });
  }
}

// `text` is what lies between two delimiters: a head, an empty line, and the data.
Part part_of(std::string_view text) {
  Part part;
  if (starts_with(text, kLine)) {  // no head at all
    part.data = text.substr(kLine.size());
    return part;
  }
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) refuse_body("has a part without an empty line after its head");
  read_head(text.substr(0, end), part);
  part.data = text.substr(end + 4);
  return part;
}

}  // namespace

bool is_multipart(std::string_view content_type) {
  return starts_with(content_type, kKind);
}

std::vector<Part> parse_multipart(std::string_view content_type, std::string_view body) {
  const std::string delimiter = "--" + boundary_of(content_type);
  if (!body.starts_with(delimiter)) {
    const std::size_t first = body.find("\r\n" + delimiter);
    if (first == std::string_view::npos) refuse_body("does not have its boundary");
    body.remove_prefix(first + kLine.size());
  }
  std::vector<Part> parts;
  while (true) {
    body.remove_prefix(delimiter.size());
    if (body.starts_with("--")) return parts;
    if (!body.starts_with(kLine)) refuse_body("has text after a boundary");
    body.remove_prefix(kLine.size());
    const std::size_t end = body.find("\r\n" + delimiter);
    if (end == std::string_view::npos) refuse_body("ends before its last boundary");
    if (parts.size() == kMaxParts)
      refuse_body("has more than " + std::to_string(kMaxParts) + " parts");
    parts.push_back(part_of(body.substr(0, end)));
    body.remove_prefix(end + kLine.size());
  }
}

}  // namespace vitq::apps
