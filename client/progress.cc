#include "client/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/units.h"

namespace makeover {
namespace {

constexpr int kBarColumns = 30;
constexpr int kBarColumnsMin = 12;
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
  if (view.rate_per_second <= 0) return "";
  if (view.unit == "B") {
    return absl::StrCat("  ", FormatSize(static_cast<int64_t>(view.rate_per_second)), "/s");
  }
  return absl::StrCat("  ", FormatRate(view.rate_per_second, view.unit));
}

double Share(const ProgressView& view) {
  return view.total > 0 ? std::clamp(view.done / view.total, 0.0, 1.0) : 0;
}

// What stands behind the bar.
std::string Figures(const ProgressView& view) {
  std::string text;
  if (view.total > 0) text = absl::StrFormat("%3d%%  ", static_cast<int>(Share(view) * 100));
  absl::StrAppend(&text, Amounts(view), Rate(view));
  if (view.eta_seconds >= 0 && view.done < view.total) {
    absl::StrAppend(&text, "  eta ", FormatDuration(view.eta_seconds));
  }
  if (!view.note.empty()) absl::StrAppend(&text, "  ", view.note);
  return text;
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
  const std::string figures = Figures(view);
  const int room = columns - DisplayWidth(label) - DisplayWidth(figures) - 2;
  if (view.total <= 0 || room < kBarColumnsMin) return CutToWidth(label + figures, columns);
  const std::string bar = RenderBar(Share(view), std::min(room, kBarColumns));
  return absl::StrCat(label, painter.Cyan(bar), "  ", figures);
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

bool ProgressLine::Due() {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::milliseconds interval =
      terminal_.moving ? kMovingInterval : std::chrono::milliseconds(kPlainInterval);
  if (shown_ && now - last_ < interval) return false;
  shown_ = true;
  last_ = now;
  return true;
}

void ProgressLine::Update(const ProgressView& view) {
  if (quiet_ || !Due()) return;
  const Painter painter(terminal_.colour);
  if (terminal_.moving) {
    const std::string line = RenderProgress(view, terminal_.columns - 1, painter);
    std::fputs(absl::StrCat("\r", line, "\x1b[K").c_str(), stream_);
    visible_ = true;
  } else {
    const std::string label = view.label.empty() ? "" : view.label + "  ";
    std::fputs(absl::StrCat(label, Figures(view), "\n").c_str(), stream_);
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
