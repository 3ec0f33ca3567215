// Help for words that were mistyped, and how words end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace makeover::engine {

// The Levenshtein distance: single characters inserted, removed or replaced.
int EditDistance(std::string_view a, std::string_view b);

// Up to three of `names` that `word` may have meant, nearest first; empty where none is near.
std::vector<std::string> NearestNames(std::string_view word, const std::vector<std::string>& names);

// " Did you mean a or b?", or nothing.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& names);

// Whether the text's last characters are these.
bool EndsWith(std::string_view text, std::string_view end);

}  // namespace makeover::engine
