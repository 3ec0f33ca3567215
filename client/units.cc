#include "client/units.h"

#include <array>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/duration.h"

namespace makeover {
namespace {

constexpr double kMinute = 60;
constexpr double kHour = 60 * kMinute;
constexpr double kDay = 24 * kHour;

std::string TwoUnits(int64_t whole, int64_t large, const char* large_unit, int64_t small,
                     const char* small_unit) {
  return absl::StrFormat("%d%s%02d%s", whole / large, large_unit, whole % large / small,
                         small_unit);
}

}  // namespace

std::string FormatDuration(double seconds) {
  if (!(seconds >= 0) || std::isinf(seconds)) return "-";
  if (seconds > 0 && seconds < 1) return absl::StrFormat("%.1fs", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < kMinute) return absl::StrCat(whole, "s");
  if (whole < kHour) return TwoUnits(whole, 60, "m", 1, "s");
  if (whole < kDay) return TwoUnits(whole, 3600, "h", 60, "m");
  return TwoUnits(whole, 86400, "d", 3600, "h");
}

std::string FormatAge(double seconds) {
  if (!(seconds >= 2)) return "just now";
  if (seconds < kMinute) return absl::StrFormat("%ds ago", static_cast<int64_t>(seconds));
  if (seconds < kHour) return absl::StrFormat("%dm ago", static_cast<int64_t>(seconds / kMinute));
  if (seconds < 2 * kDay) return absl::StrFormat("%dh ago", static_cast<int64_t>(seconds / kHour));
  return absl::StrFormat("%dd ago", static_cast<int64_t>(seconds / kDay));
}

std::string FormatSize(int64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string FormatCount(int64_t count) {
  std::string digits = absl::StrCat(count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string FormatFigure(double value) {
  const double size = std::abs(value);
  if (size >= 100) return FormatCount(std::llround(value));
  if (size >= 10) return absl::StrFormat("%.1f", value);
  return absl::StrFormat("%.2f", value);
}

std::string FormatRate(double per_second, std::string_view unit) {
  return absl::StrCat(FormatFigure(per_second), " ", std::string(unit), "/s");
}

absl::StatusOr<double> ParseDuration(std::string_view text) {
  if (const std::optional<double> seconds = ParseSeconds(text)) return *seconds;
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text), "\" is not a time: write 90s, 20m, 2h or 1h30m, at most a year."));
}

std::string Plural(int64_t count, std::string_view singular) {
  return absl::StrCat(FormatCount(count), " ", std::string(singular), count == 1 ? "" : "s");
}

}  // namespace makeover
