// How long does a filter count over a dataset of CelebA's size take? Prints the median, the worst,
// and the memory of the process.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "storage/catalog.h"
#include "storage/filter.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr uint32_t kRows = 202599;
constexpr uint32_t kRowsPerShard = 10000;
constexpr int kAttributes = 40;
constexpr int kRounds = 51;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

std::vector<Item> SomeItems(uint32_t first, uint32_t count, uint32_t shard,
                            std::mt19937_64& random) {
  std::vector<Item> items;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t bits = random() & ((uint64_t{1} << kAttributes) - 1);
    items.push_back({absl::StrFormat("%06d.jpg", first + i + 1), shard, int64_t{8192} * i + 512,
                     7000, bits, static_cast<int>(random() % 3),
                     static_cast<int>(random() % 10177)});
  }
  return items;
}

absl::StatusOr<Dataset> Fill(Catalog& catalog) {
  Dataset dataset;
  dataset.name = "faces";
  for (int i = 0; i < kAttributes; ++i) dataset.attributes.push_back(absl::StrFormat("a%d", i));
  MK_ASSIGN_OR_RETURN(const uint32_t id, catalog.CreateDataset(dataset));
  std::mt19937_64 random(1);
  for (uint32_t shard = 0; shard * kRowsPerShard < kRows; ++shard) {
    const uint32_t first = shard * kRowsPerShard;
    const uint32_t count = std::min(kRowsPerShard, kRows - first);
    const std::vector<Item> items = SomeItems(first, count, shard, random);
    const BlobRef blob{Sha256Hex(absl::StrFormat("%d", shard)), int64_t{8192} * kRowsPerShard};
    MK_RETURN_IF_ERROR(catalog.AddShard({id, shard, blob, count}, items));
  }
  return catalog.GetDataset("faces");
}

std::string MemoryOfProcess() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return line.substr(6);
  }
  return " unknown";
}

absl::Status Measure(const std::string& dir) {
  MK_ASSIGN_OR_RETURN(const std::unique_ptr<Catalog> catalog,
                      Catalog::Open(dir + "/catalog.sqlite"));
  const auto start = std::chrono::steady_clock::now();
  MK_ASSIGN_OR_RETURN(const Dataset dataset, Fill(*catalog));
  absl::PrintF("insert of %d rows: %.2f s\n", dataset.items, Seconds(start));
  for (const char* expression : {"a2", "a2 & !a15 & (a39 | a31)", "!a20 & a2 & !a10 & !a15", "*"}) {
    const Outcome<Filter> filter = ParseFilter(expression, dataset.attributes);
    if (!filter.ok()) return absl::InternalError(filter.message());
    std::vector<double> seconds;
    uint32_t count = 0;
    for (int round = 0; round < kRounds; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      MK_ASSIGN_OR_RETURN(count, catalog->CountItems(dataset.id, *filter));
      seconds.push_back(Seconds(begin));
    }
    std::sort(seconds.begin(), seconds.end());
    absl::PrintF("filter count %-28s %6d rows  median %5.1f ms  worst %5.1f ms\n", expression,
                 count, 1e3 * seconds[kRounds / 2], 1e3 * seconds.back());
  }
  absl::PrintF("memory of the process:%s\n", MemoryOfProcess());
  return absl::OkStatus();
}

}  // namespace
}  // namespace makeover

int main() {
  std::string dir = (std::filesystem::temp_directory_path() / "mkbench-XXXXXX").string();
  if (mkdtemp(dir.data()) == nullptr) return 1;
  const absl::Status status = makeover::Measure(dir);
  std::filesystem::remove_all(dir);
  if (!status.ok()) absl::FPrintF(stderr, "%s\n", status.ToString());
  return status.ok() ? 0 : 1;
}
