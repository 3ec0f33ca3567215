#include <algorithm>
#include <cctype>
#include <cstddef>
#include <numeric>
#include <utility>

#include "storage/filter.h"

namespace makeover {
namespace {

bool IsSeparator(char c) { return c == ' ' || c == '\t' || c == '-' || c == '_'; }

// Optimal string alignment: insertions, deletions, changes, and swaps of neighbours count one each
// (Damerau, 1964, restricted).
int EditDistance(const std::string& a, const std::string& b) {
  std::vector<int> before(b.size() + 1);
  std::vector<int> above(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

// A word of a longer name ("beard" of "No_Beard") is as near as one wrong letter.
int Distance(const std::string& wanted, const std::string& candidate) {
  const bool part = wanted.size() >= 3 && candidate.find(wanted) != std::string::npos;
  return part ? 1 : EditDistance(wanted, candidate);
}

}  // namespace

std::string FoldName(std::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (!IsSeparator(c)) {
      folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!folded.empty() && folded.back() != '_') {
      folded += '_';
    }
  }
  if (!folded.empty() && folded.back() == '_') folded.pop_back();
  return folded;
}

std::optional<int> FindAttribute(std::string_view name,
                                 const std::vector<std::string>& attribute_names) {
  const auto exact = std::find(attribute_names.begin(), attribute_names.end(), name);
  if (exact != attribute_names.end()) return static_cast<int>(exact - attribute_names.begin());
  const std::string folded = FoldName(name);
  for (size_t i = 0; i < attribute_names.size(); ++i) {
    if (FoldName(attribute_names[i]) == folded) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::vector<std::string> NearestNames(std::string_view name,
                                      const std::vector<std::string>& candidates) {
  const std::string wanted = FoldName(name.substr(0, 100));
  const int far = std::max<int>(2, static_cast<int>(wanted.size()) / 2);
  std::vector<std::pair<int, size_t>> ranked;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const int distance = Distance(wanted, FoldName(candidates[i]));
    if (distance <= far) ranked.emplace_back(distance, i);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> nearest;
  for (size_t i = 0; i < ranked.size() && i < 3; ++i) {
    nearest.push_back(candidates[ranked[i].second]);
  }
  return nearest;
}

}  // namespace makeover
