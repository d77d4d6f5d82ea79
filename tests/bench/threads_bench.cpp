// SPDX-License-Identifier: Apache-2.0
// threads_bench MODEL [THREADS]: what each further thread on one model costs in memory, and whether
// all get the bits that one gets. Every thread keeps a session of its own until all have run.
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "vitq/model.h"
#include "vitq/plan.h"

namespace {

// The memory that this process has in use, in MB. The kernel counts pages.
double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double total = 0.0;
  double resident = 0.0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

vitq::Tensor noise(const vitq::PlanInput& input) {
  vitq::Tensor tensor(input.shape, input.dtype);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < tensor.bytes(); ++i) {
    state = state * 1664525U + 1013904223U;
    // The top byte of a float stays small, so that no value is huge.
    tensor.data()[i] = i % 4 == 3 && input.dtype == vitq::DType::kF32
                           ? std::byte{0x3E}
                           : static_cast<std::byte>(state >> 24U);
  }
  return tensor;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::size_t count = argc > 2 ? std::stoul(argv[2]) : 8;
  const vitq::Model model = vitq::Model::load(argv[1], {.session = {.threads = 1}, .lower = {}});
  vitq::Session first = model.session();
  const vitq::Tensor input = noise(first.plan().inputs[0]);
  const vitq::Tensor expected = first.run(input)[0].clone();
  const double before = resident_mb();
  std::vector<int> same(count, 0);
  std::barrier all_ran(static_cast<std::ptrdiff_t>(count) + 1);
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      vitq::Session session = model.session();
      const vitq::Tensor& found = session.run(input)[0];
      same[t] = std::equal(found.data(), found.data() + found.bytes(), expected.data()) ? 1 : 0;
      all_ran.arrive_and_wait();
      all_ran.arrive_and_wait();  // the memory has been measured
    });
  }
  all_ran.arrive_and_wait();
  const double grown = (resident_mb() - before) / static_cast<double>(count);
  all_ran.arrive_and_wait();
  std::cout << argv[1] << ": " << before << " MB with one session, " << grown << " MB for each of "
            << count << " further threads (activations and workspace "
            << static_cast<double>(first.bytes()) / 1e6 << " MB), same bits in "
            << std::count(same.begin(), same.end(), 1) << '\n';
  return std::count(same.begin(), same.end(), 1) == static_cast<std::ptrdiff_t>(count) ? 0 : 1;
}
