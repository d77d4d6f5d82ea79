// SPDX-License-Identifier: Apache-2.0
// Runs the built programs as a shell does, and the small models and images they are run on.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/image.h"

namespace vitq::test {

namespace fs = std::filesystem;

struct Result {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

struct Call {
  std::string program;
  std::vector<std::string> arguments;
  std::string input = "/dev/null";  // a file
  std::string environment = {};     // "NAME=value ..."
};

inline Result run(const Call& call) {
  const TempFolder temp;
  const std::string out = (temp.path() / "out").string();
  const std::string err = (temp.path() / "err").string();
  std::string line = "env -u VITQ_MODEL -u OMP_NUM_THREADS VITQ_NUM_THREADS=1 " + call.environment +
                     " " VITQ_EMULATOR " " + quoted(std::string(VITQ_PROGRAMS "/") + call.program);
  for (const std::string& argument : call.arguments) line += ' ' + quoted(argument);
  line += " <" + quoted(call.input) + " >" + quoted(out) + " 2>" + quoted(err);
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents_of(out), contents_of(err)};
}

inline Result run(const std::string& program, std::vector<std::string> arguments) {
  return run({.program = program, .arguments = std::move(arguments)});
}

// A program of docs/examples.
inline Result run_example(const std::string& name, std::vector<std::string> arguments) {
  return run("../examples/" + name, std::move(arguments));
}

inline fs::path golden(const std::string& name) {
  return fs::path(VITQ_TEST_FILES) / "golden" / "models" / name;
}

// A model file of the golden checkpoint of that name.
inline std::string make_model(const TempFolder& temp, const std::string& name = "hf_vit") {
  const fs::path path = temp.path() / (name + ".safetensors");
  write_safetensors(path, convert(golden(name), {}).weights, Overwrite::kNo);
  return path.string();
}

// An image of smooth colours, different for each seed.
inline std::string write_image(const TempFolder& temp, const std::string& name, int seed) {
  Image image = make_image(40, 30);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      std::uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<std::uint8_t>(x * 6 * (seed + 1));
      pixel[1] = static_cast<std::uint8_t>(y * 8 + 40 * seed);
      pixel[2] = static_cast<std::uint8_t>((x * y * (seed + 2)) >> 2);
    }
  }
  const fs::path path = temp.path() / name;
  write_png(path, image, Overwrite::kYes);
  return path.string();
}

// The program refused with that code, said why in one error line, and printed no result.
inline void check_refused(const Result& result, int code, const std::string& part) {
  CAPTURE(result.err);
  CHECK(result.code == code);
  CHECK(result.out.empty());
  CHECK(result.err.find(": error: ") != std::string::npos);
  CHECK(result.err.find(part) != std::string::npos);
}

}  // namespace vitq::test
