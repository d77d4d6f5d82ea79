// SPDX-License-Identifier: Apache-2.0
#include "call.h"

#include "vitq/error.h"
#include "vitq/error_code.h"

namespace vitq::c {

namespace {

std::string& message_of_thread() {
  thread_local std::string message;
  return message;
}

vitq_status keep(vitq_status status, const char* message) noexcept {
  try {
    message_of_thread() = message;
  } catch (...) {
    message_of_thread().clear();  // no memory for the message
  }
  return status;
}

}  // namespace

vitq_status keep_error() noexcept {
  try {
    throw;
  } catch (const Cancelled&) {
    return keep(VITQ_CANCELLED, "progress was told to stop");
  } catch (const ArgumentError& error) {
    return keep(VITQ_USAGE, error.what());
  } catch (const ShapeError& error) {
    return keep(VITQ_USAGE, error.what());
  } catch (const std::bad_alloc&) {
    return keep(VITQ_LIMIT, "out of memory");
  } catch (const std::exception& error) {
    return keep(static_cast<vitq_status>(error_code(error)), error.what());
  } catch (...) {
    return keep(VITQ_INTERNAL, "an exception of no known kind");
  }
}

}  // namespace vitq::c

uint32_t vitq_version(void) {
  return VITQ_VERSION_MAJOR * 10000 + VITQ_VERSION_MINOR * 100 + VITQ_VERSION_PATCH;
}

const char* vitq_last_error(void) {
  return vitq::c::message_of_thread().c_str();
}
