// SPDX-License-Identifier: Apache-2.0
#include "common/args.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>

#include "common/table.h"
#include "vitq/error.h"
#include "vitq/error_code.h"

namespace vitq::apps {

namespace {

constexpr int kMaxThreads = 1024;

constexpr std::string_view kExitCodes =
    "\nExit codes:\n"
    "  0   success\n"
    "  1   some inputs failed (--keep-going)\n"
    "  2   wrong command line or variable\n"
    "  3   file missing, unreadable or there already (--force)\n"
    "  4   malformed or unsupported file, bad weights\n"
    "  5   checksum or format version mismatch\n"
    "  6   out of memory, or a limit exceeded\n"
    "  70  internal error\n";

// Answers the variable's number of threads, or 0 if it is unset or empty. OMP_NUM_THREADS may be a
// list with one number per level of nesting.
int threads_from(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return 0;
  const std::string_view text =
      std::string_view(value).substr(0, std::string_view(value).find(','));
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || threads < 1 || threads > kMaxThreads) {
    throw UsageError(std::string("the environment variable ") + variable + " is \"" + value +
                     "\", expected a number of threads from 1 to " + std::to_string(kMaxThreads));
  }
  return threads;
}

// It is told even where VITQ_ISA is wrong, because who looks for a fault asks for the version
// first.
std::string version_text(std::string_view program) {
  std::string isa;
  try {
    isa = isa_in_use();
  } catch (const IsaError& error) {
    isa = std::string("unknown: ") + error.what();
  }
  return std::string(program) + " " VITQ_VERSION "\n" + library_versions() + ", instruction set " +
         isa;
}

int report(const Program& program, std::string_view message, ErrorCode code) {
  std::cout.flush();
  std::cerr << program.name << ": error: " << message << '\n';
  return static_cast<int>(code);
}

ErrorCode code_of(const std::exception& error) {
  const bool usage = dynamic_cast<const UsageError*>(&error) != nullptr;
  return usage ? ErrorCode::kUsage : error_code(error);
}

// An option is shown as "-t,--threads N" with its help wrapped. The help says which values it
// takes.
class HelpFormat : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_expected_max() == 0 || option->get_positional()) return "";
    return option->get_required() ? " VALUE (required)" : " VALUE";
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(option->get_description(), 98 - get_column_width());
  }

 private:
  static std::string wrapped(std::string text, std::size_t width) {
    std::size_t line = 0;
    while (text.size() - line > width) {
      const std::size_t space = text.rfind(' ', line + width);
      if (space == std::string::npos || space <= line) break;
      text[space] = '\n';
      line = space + 1;
    }
    return text;
  }
};

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

int run_guarded(const Program& program, Args& args, const std::function<int(Args&)>& body) {
  try {
    return body(args);
  } catch (const CLI::Success& request) {
    return args.app().exit(request);  // --help and --version
  } catch (const CLI::Error& error) {
    return report(program, std::string(error.what()) + " (see --help)", ErrorCode::kUsage);
  } catch (const std::bad_alloc&) {
    return report(program, "out of memory", ErrorCode::kLimit);
  } catch (const std::exception& error) {
    return report(program, error.what(), code_of(error));
  }
}

}  // namespace

int exit_code(const std::exception& error) {
  return static_cast<int>(code_of(error));
}

CLI::Validator finite_in(double min, double max) {
  const auto check = [min, max](std::string& text) {
    double value = 0.0;
    const bool number = CLI::detail::lexical_cast(text, value) && std::isfinite(value);
    if (number && value >= min && value <= max) return std::string();
    return "'" + text + "' is no number from " + significant(min, 6) + " to " + significant(max, 6);
  };
  return CLI::Validator(check, "");
}

Args::Args(const Program& program, int argc, const char* const* argv)
    : app_(std::make_unique<CLI::App>(std::string(program.purpose), std::string(program.name))),
      argc_(argc),
      argv_(argv) {
  app_->formatter(std::make_shared<HelpFormat>());
  app_->get_formatter()->column_width(30);
  app_->set_help_flag("-h,--help", "Show this help and exit");
  app_->set_version_flag(
      "-V,--version", [name = program.name] { return version_text(name); },
      "Show the version, the libraries and the instruction set in use");
  app_->add_option("-t,--threads", threads_,
                   "Threads; 0 or absent: VITQ_NUM_THREADS, OMP_NUM_THREADS, or as many as this "
                   "process may use")
      ->check(CLI::Range(0, kMaxThreads));
  app_->footer("Examples:\n" + std::string(program.examples) + std::string(kExitCodes));
}

Args::~Args() = default;

void Args::add_backend() {
  app_->add_option("--backend", backend_, "fast (default), or reference: plain loops, slow")
      ->check(CLI::IsMember({"fast", "reference"}));
}

void Args::add_force() {
  app_->add_flag("--force", force_, "Overwrite output files that are there already");
}

void Args::parse() {
  app_->parse(argc_, argv_);
  // A wrong variable is refused before any work is done, also where the program needs none of it.
  isa_in_use();
  if (threads_ == 0) threads_ = threads_from("VITQ_NUM_THREADS");
  if (threads_ == 0) threads_ = threads_from("OMP_NUM_THREADS");
  if (threads_ == 0) threads_ = default_threads();
}

std::string Args::command() const {
  std::string line = app_->get_name();
  for (int i = 1; i < argc_; ++i) line += ' ' + shell_word(argv_[i]);
  return line;
}

SessionOptions Args::session() const {
  return {.threads = threads_,
          .backend = backend_ == "reference" ? Backend::kReference : Backend::kFast};
}

int run_program(const Program& program, int argc, const char* const* argv,
                const std::function<int(Args& args)>& body) {
  Args args(program, argc, argv);
  const int code = run_guarded(program, args, body);
  std::cout.flush();
  if (!std::cout)
    return report(program, "the standard output cannot be written", ErrorCode::kUnreadable);
  return code;
}

}  // namespace vitq::apps
