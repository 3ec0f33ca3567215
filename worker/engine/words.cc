#include "worker/engine/words.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace makeover::engine {

int EditDistance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    int diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const int replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

std::vector<std::string> NearestNames(std::string_view word,
                                      const std::vector<std::string>& names) {
  const int distance_max = std::max(2, static_cast<int>(word.size()) / 3);
  std::vector<std::pair<int, std::string>> found;
  for (const std::string& name : names) {
    const int distance = EditDistance(word, name);
    if (distance <= distance_max) found.emplace_back(distance, name);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min<size_t>(found.size(), 3); ++i) nearest.push_back(found[i].second);
  return nearest;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string> nearest = NearestNames(word, names);
  if (nearest.empty()) return "";
  std::string text = " Did you mean ";
  for (size_t i = 0; i < nearest.size(); ++i) text += (i == 0 ? "" : " or ") + nearest[i];
  return text + "?";
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace makeover::engine
