// SPDX-License-Identifier: Apache-2.0
// All programs share this: common options, and the one place where an error becomes a message and
// an exit code. Results go to standard output, everything else goes to standard error.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "vitq/session.h"
#include "vitq/weights.h"

// CLI11 takes long to compile: only the files that declare options include it.
// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace vitq::apps {

// The other exit codes are those of vitq/error_code.h.
enum Exit : int {
  kOk = 0,
  kSomeFailed = 1,  // some inputs failed, with --keep-going
};

// The command line or an environment variable is wrong in a way that CLI11 cannot see by itself.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Answers the exit code of any exception: one of vitq/error.h, UsageError, bad_alloc, or another.
int exit_code(const std::exception& error);

struct Program {
  std::string_view name;
  std::string_view purpose;
  std::string_view examples;  // whole lines, shown at the end of --help
};

// Accepts a finite number in [min, max]. CLI11's Range would take "nan" for one, too.
CLI::Validator finite_in(double min, double max);

// This is the command line of a program. --help, --version and --threads are always there.
class Args {
 public:
  Args(const Program& program, int argc, const char* const* argv);
  ~Args();
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  // The program declares its own options on it.
  CLI::App& app() { return *app_; }
  void add_backend();  // --backend
  void add_force();    // --force

  // Reads the command line; run_program handles what this throws. It throws IsaError where the
  // environment variable VITQ_ISA names no instruction set. Without --threads it throws UsageError
  // where VITQ_NUM_THREADS or OMP_NUM_THREADS, in this order, is no number of threads.
  void parse();

  // Answers the threads and the backend that were asked for, once parse() has read them. The number
  // of threads is never 0: it is that of --threads or of a variable, or as many as this process may
  // use.
  SessionOptions session() const;
  // Answers the command line as it was given, quoted where a shell needs it.
  std::string command() const;
  Overwrite overwrite() const { return force_ ? Overwrite::kYes : Overwrite::kNo; }

 private:
  std::unique_ptr<CLI::App> app_;
  int argc_;
  const char* const* argv_;
  int threads_ = 0;
  std::string backend_ = "onednn";
  bool force_ = false;
};

// Runs `body`, which declares its options, calls args.parse() and does the work. Whatever it throws
// is printed to standard error as "vit_infer: error: ..." and becomes an exit code; so does a
// standard output that cannot be written.
int run_program(const Program& program, int argc, const char* const* argv,
                const std::function<int(Args& args)>& body);

}  // namespace vitq::apps
