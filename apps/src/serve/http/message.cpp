// SPDX-License-Identifier: Apache-2.0
#include "serve/http/message.h"

#include <algorithm>
#include <cctype>
#include <new>

namespace vitq::apps {

namespace {

bool same(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(), same)) return value;
  }
  return {};
}

HttpResponse error_response(int status, const std::string& message) {
  HttpResponse response;
  response.status = status;
  response.body = Json::object().set("error", message).dump() + "\n";
  return response;
}

HttpResponse error_response(const std::exception& error) {
  if (const auto* known = dynamic_cast<const HttpError*>(&error)) {
    HttpResponse response = error_response(known->status(), known->what());
    response.headers = known->headers();
    return response;
  }
  if (dynamic_cast<const LimitError*>(&error) != nullptr) return error_response(413, error.what());
  if (dynamic_cast<const vitq::Error*>(&error) != nullptr) return error_response(400, error.what());
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return error_response(503, "out of memory");
  }
  return error_response(500, error.what());
}

HttpResponse json_response(const Json& json) {
  HttpResponse response;
  response.body = json.dump() + "\n";
  return response;
}

}  // namespace vitq::apps
