// SPDX-License-Identifier: Apache-2.0
// Files appear whole or not at all, and nothing but regular files is read.
#include "io/files.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "io/atomic_file.h"
#include "io/mapped_file.h"
#include "support/malformed.h"
#include "support/temp_folder.h"
#include "vitq/weights.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

Refusal refused_write(const fs::path& path, Overwrite overwrite) {
  const Refusal found = refusal_of([&] { write_file(path, "new", overwrite); });
  CHECK(found.fault == Fault::kUnreadable);
  check_parts(found.message, {path.string()});
  return found;
}

// Files may not grow beyond this many bytes while it lives, as on a full disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_ = {};
  void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("a file is written whole and leaves nothing beside it") {
  const TempFolder folder;
  const fs::path path = folder.path() / "report.json";
  write_file(path, "first", Overwrite::kNo);
  CHECK(contents_of(path) == "first");
  write_file(path, "second", Overwrite::kYes);
  CHECK(contents_of(path) == "second");
  CHECK(folder.entries() == 1);
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0400U) != 0);
}

TEST_CASE("an existing file is not overwritten unasked and keeps every byte") {
  const TempFolder folder;
  const fs::path path = folder.file("old", "old contents");
  check_parts(refused_write(path, Overwrite::kNo).message, {"existing file", "overwritten"});
  CHECK(contents_of(path) == "old contents");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file that appears while another is written is not overwritten either") {
  const TempFolder folder;
  const fs::path path = folder.path() / "late";
  {
    AtomicFile file(path, Overwrite::kNo);
    file.write("mine");
    folder.file("late", "theirs");
    CHECK(refusal_of([&] { file.commit(); }).fault == Fault::kUnreadable);
  }
  CHECK(contents_of(path) == "theirs");
  CHECK(folder.entries() == 1);
}

TEST_CASE("without commit nothing is left and the old file stays") {
  const TempFolder folder;
  const fs::path path = folder.file("old", "old");
  {
    AtomicFile file(path, Overwrite::kYes);
    file.write("half of");
  }
  CHECK(contents_of(path) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a disk that fills up leaves the old file and nothing else") {
  const TempFolder folder;
  const fs::path path = folder.file("old", "old");
  Weights weights;
  weights.tensors["a"] = Tensor({100'000}, DType::kF32);
  const Refusal found = refusal_of([&] {
    const SizeLimit limit(65'536);
    write_safetensors(path, weights, Overwrite::kYes);
  });
  CHECK(found.fault == Fault::kUnreadable);
  check_parts(found.message, {path.string(), "cannot write", "too large"});
  CHECK(contents_of(path) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("targets that are no regular file, or lie in no folder, are refused") {
  const TempFolder folder;
  (void)refused_write(folder.path(), Overwrite::kYes);
  (void)refused_write(folder.path() / "none" / "x", Overwrite::kNo);
  (void)refused_write(folder.path() / "", Overwrite::kYes);
  (void)refused_write("/dev/null", Overwrite::kYes);
  const fs::path pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  (void)refused_write(pipe, Overwrite::kYes);
  CHECK(folder.entries() == 1);
}

TEST_CASE("overwriting through a link replaces what it points to and keeps the link") {
  const TempFolder folder;
  const fs::path target = folder.file("target", "old");
  fs::create_symlink(target, folder.path() / "link");
  write_file(folder.path() / "link", "new", Overwrite::kYes);
  CHECK(contents_of(target) == "new");
  CHECK(fs::is_symlink(folder.path() / "link"));
  fs::create_symlink(folder.path() / "gone", folder.path() / "dangling");
  (void)refused_write(folder.path() / "dangling", Overwrite::kYes);
}

TEST_CASE("only regular files are mapped and read, and the fault says so") {
  const TempFolder folder;
  const fs::path pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const fs::path& path :
       {folder.path(), pipe, fs::path("/dev/zero"), folder.path() / "none"}) {
    CAPTURE(path.string());
    CHECK(refusal_of([&] { const MappedFile file(path); }).fault == Fault::kUnreadable);
    CHECK(refusal_of([&] { (void)read_bytes(path, 10); }).fault == Fault::kUnreadable);
  }
}

TEST_CASE("a mapping shows the file, and writing to it does not reach the file") {
  const TempFolder folder;
  const fs::path path = folder.file("x", "abc");
  const MappedFile file(path);
  REQUIRE(file.bytes().size() == 3);
  file.bytes()[0] = std::byte{'z'};
  CHECK(contents_of(path) == "abc");
  CHECK(MappedFile(folder.file("empty", "")).bytes().empty());
}

TEST_CASE("a file above the limit is not read") {
  const TempFolder folder;
  const fs::path path = folder.file("x", "abcd");
  CHECK(read_bytes(path, 4).size() == 4);
  CHECK_THROWS_AS((void)read_bytes(path, 3), LimitError);
}
