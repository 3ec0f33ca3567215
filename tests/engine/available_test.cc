// Tests of kernels take what there is: here is seen that all is there that the processor has.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "worker/engine/kernel_runs.h"

namespace makeover::engine {
namespace {

// Of the first processor, as Linux names them.
std::set<std::string> Flags() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind("flags", 0) != 0) continue;
    std::istringstream words(line);
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

bool HasAll(const std::set<std::string>& flags, const std::set<std::string>& wanted) {
  for (const std::string& flag : wanted)
    if (flags.count(flag) == 0) return false;
  return true;
}

TEST(AvailableTest, KernelsAreThereWhereTheProcessorHasTheirInstructions) {
  const std::set<std::string> flags = Flags();
  const bool avx512 = HasAll(flags, {"avx512f", "avx512bw", "avx512dq", "avx512vl"});
  const bool avx2 = HasAll(flags, {"avx2", "fma"});
  EXPECT_EQ(KernelsFor(torch::kCPU, torch::kFloat32), avx512 || avx2);
  EXPECT_EQ(KernelsFor(torch::kCPU, torch::kBFloat16),
            avx512 && HasAll(flags, {"avx512_bf16"}) && flags.count("amx_bf16") == 0);
  // By how they divide outputs, the wider ones show that they are taken.
  EXPECT_EQ(kernels::PaddedOutputs(80), avx512 ? 96 : 80);
}

}  // namespace
}  // namespace makeover::engine
