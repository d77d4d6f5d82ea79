// SPDX-License-Identifier: Apache-2.0
#include "core/threads.h"

#include <doctest/doctest.h>
#include <sched.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/temp_folder.h"

using namespace vitq;
namespace fs = std::filesystem;

namespace {

// A made-up root of the file system.
class Root {
 public:
  explicit Root(const std::string& groups) { write("proc/self/cgroup", groups); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((folder_.path() / file).parent_path());
    folder_.file(file, text);
  }
  std::optional<int> cpus() const { return quota_cpus(folder_.path().string()); }
  int big(const std::vector<int>& cpus) const { return big_cpus(folder_.path().string(), cpus); }
  void capacity(int cpu, const std::string& text) const {
    write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpu_capacity", text);
  }

 private:
  test::TempFolder folder_;
};

}  // namespace

TEST_CASE("a v2 quota is rounded up, and the tightest group on the way up counts") {
  const Root root("0::/a/b\n");
  CHECK_FALSE(root.cpus());
  root.write("sys/fs/cgroup/cpu.max", "max 100000\n");
  CHECK_FALSE(root.cpus());
  root.write("sys/fs/cgroup/a/b/cpu.max", "350000 100000\n");
  CHECK(root.cpus() == 4);
  root.write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  CHECK(root.cpus() == 2);
  root.write("sys/fs/cgroup/cpu.max", "1000 100000\n");
  CHECK(root.cpus() == 1);
}

TEST_CASE("a v1 quota is found under either name of its mount, also with the host's path") {
  const Root root("12:memory:/x\n4:cpu,cpuacct:/docker/gone\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  CHECK_FALSE(root.cpus());
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
  CHECK(root.cpus() == 3);
  root.write("sys/fs/cgroup/cpu/docker/gone/cpu.cfs_period_us", "50000\n");
  root.write("sys/fs/cgroup/cpu/docker/gone/cpu.cfs_quota_us", "100000\n");
  CHECK(root.cpus() == 2);
}

TEST_CASE("files that make no sense set no limit") {
  const Root root("nonsense\n0:\n:::\n0::/../..\n1:cpuset:/x\n");
  root.write("sys/fs/cgroup/cpu.max", "abc def\n");
  root.write("sys/fs/cgroup/cpuset/x/cpu.cfs_quota_us", "100000\n");
  root.write("sys/fs/cgroup/cpuset/x/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(root.cpus());
  root.write("sys/fs/cgroup/cpu.max", "100000 0\n");
  CHECK_FALSE(root.cpus());
  root.write("sys/fs/cgroup/cpu.max", "1e300 1\n");
  CHECK(root.cpus() == 1 << 20);
}

TEST_CASE("little CPUs do not count beside big ones, whatever their numbers") {
  const Root root("");
  for (const int little : {0, 1, 2, 3}) root.capacity(little, "250\n");
  for (const int middle : {4, 5, 6}) root.capacity(middle, "871\n");
  root.capacity(7, "1024\n");
  CHECK(root.big({0, 1, 2, 3, 4, 5, 6, 7}) == 4);
  CHECK(root.big({3, 7}) == 1);
  root.capacity(3, "512\n");
  CHECK(root.big({3, 7}) == 2);
  root.capacity(3, "511\n");
  CHECK(root.big({3, 7}) == 1);
}

TEST_CASE(
    "a process that is kept to little CPUs uses all of them, and CPUs that tell nothing count") {
  const Root root("");
  CHECK(root.big({}) == 0);
  CHECK(root.big({0, 1, 5}) == 3);
  for (const int little : {0, 1}) root.capacity(little, "380\n");
  CHECK(root.big({0, 1}) == 2);
  CHECK(root.big({0, 1, 5}) == 1);
  root.capacity(5, "none");
  CHECK(root.big({0, 1, 5}) == 1);
}

TEST_CASE("the default thread count follows the affinity of the process") {
  cpu_set_t before;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  CHECK(usable_cpus() >= 1);
  CHECK(usable_cpus() <= CPU_COUNT(&before));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t i = 0; CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  }
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(usable_cpus() == 1);
  sched_setaffinity(0, sizeof before, &before);
}
