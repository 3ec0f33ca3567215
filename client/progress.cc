#include "client/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/units.h"

namespace makeover {
namespace {

constexpr int kBarColumns = 30;
constexpr int kBarColumnsMin = 12;
constexpr int kGap = 2;
constexpr std::chrono::milliseconds kMovingInterval{100};
constexpr std::chrono::seconds kPlainInterval{10};
constexpr double kRateSeconds = 10;

std::string Amount(double value, const std::string& unit) {
  if (unit == "B") return FormatSize(static_cast<int64_t>(value));
  return FormatCount(std::llround(value));
}

std::string Amounts(const ProgressView& view) {
  const std::string unit = view.unit == "B" ? "" : absl::StrCat(" ", view.unit);
  if (view.total <= 0) return absl::StrCat(Amount(view.done, view.unit), unit);
  return absl::StrCat(Amount(view.done, view.unit), "/", Amount(view.total, view.unit), unit);
}

std::string Rate(const ProgressView& view) {
  if (view.unit == "B") {
    return absl::StrCat(FormatSize(static_cast<int64_t>(view.rate_per_second)), "/s");
  }
  return FormatRate(view.rate_per_second, view.unit);
}

double Share(const ProgressView& view) {
  return view.total > 0 ? std::clamp(view.done / view.total, 0.0, 1.0) : 0;
}

// What stands behind the bar, the weightiest first.
std::vector<std::string> Figures(const ProgressView& view) {
  std::vector<std::string> parts;
  if (view.total > 0) {
    parts.push_back(absl::StrFormat("%3d%%", static_cast<int>(Share(view) * 100)));
  }
  parts.push_back(Amounts(view));
  if (view.eta_seconds >= 0 && view.done < view.total) {
    parts.push_back(absl::StrCat("eta ", FormatDuration(view.eta_seconds)));
  }
  if (view.rate_per_second > 0) parts.push_back(Rate(view));
  if (!view.note.empty()) parts.push_back(view.note);
  return parts;
}

int WidthOf(const std::vector<std::string>& parts) {
  int width = 0;
  for (const std::string& part : parts) width += DisplayWidth(part) + kGap;
  return width;
}

}  // namespace

std::string RenderBar(double share, int columns) {
  const int inner = std::max(1, columns - 2);
  const int filled = static_cast<int>(std::clamp(share, 0.0, 1.0) * inner);
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < inner) bar += '>';
  bar.resize(static_cast<size_t>(inner), ' ');
  return absl::StrCat("[", bar, "]");
}

std::string RenderProgress(const ProgressView& view, int columns, const Painter& painter) {
  const std::string label = view.label.empty() ? "" : view.label + "  ";
  std::vector<std::string> figures = Figures(view);
  const int bar_min = view.total > 0 ? kBarColumnsMin : 0;
  const int room = columns - DisplayWidth(label);
  while (figures.size() > 2 && room < bar_min + WidthOf(figures)) figures.pop_back();
  const int bar_columns = std::min(room - WidthOf(figures), kBarColumns);
  const std::string text = absl::StrJoin(figures, "  ");
  if (view.total <= 0 || bar_columns < kBarColumnsMin) return CutToWidth(label + text, columns);
  return absl::StrCat(label, painter.Cyan(RenderBar(Share(view), bar_columns)), "  ", text);
}

void RateMeter::Update(double done, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - time_).count();
  if (started_ && seconds < 0.05) return;
  if (started_) {
    const double current = (done - done_) / seconds;
    const double weight = 1 - std::exp(-seconds / kRateSeconds);
    rate_ = rate_ <= 0 ? current : rate_ + weight * (current - rate_);
  }
  started_ = true;
  done_ = done;
  time_ = now;
}

double RateMeter::EtaSeconds(double total) const {
  return rate_ > 0 ? std::max(0.0, total - done_) / rate_ : -1;
}

ProgressLine::ProgressLine(std::FILE* stream, const Terminal& terminal, bool quiet)
    : stream_(stream), terminal_(terminal), quiet_(quiet) {}

ProgressLine::~ProgressLine() { Clear(); }

bool ProgressLine::Due(Clock::time_point now) {
  const std::chrono::milliseconds interval =
      terminal_.moving ? kMovingInterval : std::chrono::milliseconds(kPlainInterval);
  if (!last_) {
    last_ = now;
    return terminal_.moving;  // short work leaves no line in a log
  }
  if (now - *last_ < interval) return false;
  last_ = now;
  return true;
}

void ProgressLine::Update(const ProgressView& view) { UpdateAt(view, Clock::now()); }

void ProgressLine::UpdateAt(const ProgressView& view, Clock::time_point now) {
  if (quiet_ || !Due(now)) return;
  const Painter painter(terminal_.colour);
  if (terminal_.moving) {
    // The window may have become narrower since.
    const int columns = TerminalColumns(fileno(stream_), terminal_.columns);
    const std::string line = RenderProgress(view, columns - 1, painter);
    std::fputs(absl::StrCat("\r", line, "\x1b[K").c_str(), stream_);
    visible_ = true;
  } else {
    const std::string label = view.label.empty() ? "" : view.label + "  ";
    std::fputs(absl::StrCat(label, absl::StrJoin(Figures(view), "  "), "\n").c_str(), stream_);
  }
  std::fflush(stream_);
}

void ProgressLine::Clear() {
  if (!visible_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  visible_ = false;
}

}  // namespace makeover
