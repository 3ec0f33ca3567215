#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace makeover {

// Figures as a person reads and writes them. Pure.

// "0.4s", "8s", "2m05s", "1h30m", "3d04h"; "-" for a negative or unknown one.
std::string FormatDuration(double seconds);

// "just now", "40s ago", "5m ago", "3h ago", "12d ago"; "in the future" is "just now".
std::string FormatAge(double seconds);

// 1,024 based: "0 B", "812 B", "1.5 KiB", "64.0 MiB".
std::string FormatSize(int64_t bytes);

// "202,599".
std::string FormatCount(int64_t count);

// Three significant digits: "0.83", "12.5", "341", "3,412".
std::string FormatFigure(double value);

// "12.5 files/s".
std::string FormatRate(double per_second, std::string_view unit);

// "90s", "20m", "2h", "1h30m", "1d", "45" (seconds), "1.5h"; at most a year.
// INVALID_ARGUMENT with a sentence.
absl::StatusOr<double> ParseDuration(std::string_view text);

// "1 file", "2 files".
std::string Plural(int64_t count, std::string_view singular);

}  // namespace makeover
