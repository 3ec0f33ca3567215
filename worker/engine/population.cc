#include "worker/engine/population.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

constexpr int kTest = 2;
constexpr uint64_t kHeldOutOneIn = 10;

// A number for the person of a row, spread evenly and always the same.
uint64_t PersonHash(const Population& population, int64_t row) {
  const int64_t identity = population.identities[static_cast<size_t>(row)];
  const bool known = identity >= 0;
  return Random(known ? 1 : 0, Stream::kPeople, static_cast<uint64_t>(known ? identity : row))
      .Next();
}

bool HasTestPartition(const Population& population) {
  const auto& partitions = population.partitions;
  return std::find(partitions.begin(), partitions.end(), kTest) != partitions.end();
}

// Whole people, the first in the order of their hashes.
std::vector<int64_t> Capped(std::vector<std::pair<uint64_t, int64_t>> rows, int64_t max) {
  std::sort(rows.begin(), rows.end());
  if (static_cast<int64_t>(rows.size()) > max) rows.resize(static_cast<size_t>(max));
  std::vector<int64_t> kept;
  kept.reserve(rows.size());
  for (const auto& [hash, row] : rows) kept.push_back(row);
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace

Division Divide(const Population& population, int64_t learn_max) {
  Division division;
  division.by_partition = HasTestPartition(population);
  const auto rows = static_cast<int64_t>(population.bits.size());
  std::set<uint64_t> strangers;  // people who are held out
  for (int64_t row = 0; row < rows; ++row) {
    const uint64_t hash = PersonHash(population, row);
    const bool held = division.by_partition
                          ? population.partitions[static_cast<size_t>(row)] == kTest
                          : hash % kHeldOutOneIn == 0;
    if (!held) continue;
    division.held_out.push_back(row);
    strangers.insert(hash);
  }
  std::vector<std::pair<uint64_t, int64_t>> a;
  std::vector<std::pair<uint64_t, int64_t>> b;
  for (int64_t row = 0; row < rows; ++row) {
    const uint64_t hash = PersonHash(population, row);
    if (strangers.count(hash) == 0) (hash / kHeldOutOneIn % 2 == 0 ? a : b).emplace_back(hash, row);
  }
  division.a = Capped(std::move(a), learn_max);
  division.b = Capped(std::move(b), learn_max);
  return division;
}

std::string Fingerprint(const Population& population) {
  uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a: against mistakes, not against malice
  const auto add = [&hash](uint64_t value) {
    for (int byte = 0; byte < 8; ++byte, value >>= 8)
      hash = (hash ^ (value & 0xFF)) * 0x100000001B3ULL;
  };
  for (const std::string& name : population.attributes) {
    for (const char c : name) add(static_cast<unsigned char>(c));
    add(0);
  }
  for (size_t row = 0; row < population.bits.size(); ++row) {
    add(population.bits[row]);
    add(static_cast<uint64_t>(population.partitions[row]));
    add(static_cast<uint64_t>(population.identities[row]));
  }
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

}  // namespace makeover::engine
