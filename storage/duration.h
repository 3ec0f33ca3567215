#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace makeover {

// Seconds of a unit of time, of which none is a second; 0: there is no such unit.
inline double SecondsOfUnit(std::string_view unit) {
  if (unit.empty() || unit == "s" || unit == "sec") return 1;
  if (unit == "m" || unit == "min") return 60;
  if (unit == "h") return 3600;
  return unit == "d" ? 86400 : 0;
}

// Seconds of "90", "90s", "20m", "1.5h", "1h30m" or "1d", from 0 to a year. Nothing where the text
// is no such time.
inline std::optional<double> ParseSeconds(std::string_view text) {
  constexpr double kYear = 366 * 86400.0;
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const double unit = SecondsOfUnit(text.substr(0, letters));
    if (unit == 0) return std::nullopt;
    text.remove_prefix(letters);
    seconds += number * unit;
  }
  if (!(seconds <= kYear)) return std::nullopt;
  return seconds;
}

}  // namespace makeover
