#pragma once

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "client/terminal.h"

namespace makeover {

// How far something has come.
struct ProgressView {
  std::string label;  // "job 12", "import faces"
  double done = 0;
  double total = 0;  // 0: unknown
  std::string unit;  // steps, files, pictures, B
  double rate_per_second = 0;
  double eta_seconds = -1;  // negative: unknown
  std::string note;         // losses and the like
};

// One line of at most `columns`: "label  [=====>    ]  45%  450/1,000 files  eta 44s
// 12.5 files/s". Where it is too narrow the bar shrinks, then the note, the rate and the eta go,
// then the bar; at last the line is cut. With unit "B" figures are sizes. Pure.
std::string RenderProgress(const ProgressView& view, int columns, const Painter& painter);

// "[=====>    ]", `columns` wide with its brackets; `share` from 0 to 1.
std::string RenderBar(double share, int columns);

// Estimates a rate from what was done so far: an exponential mean over about ten seconds.
class RateMeter {
 public:
  using Clock = std::chrono::steady_clock;
  // Takes the amount done at `now`; the first call sets the beginning.
  void Update(double done, Clock::time_point now);
  double per_second() const { return rate_; }
  // Negative if unknown.
  double EtaSeconds(double total) const;

 private:
  bool started_ = false;
  double done_ = 0;
  double rate_ = 0;
  Clock::time_point time_;
};

// A line that moves on a terminal; elsewhere a line now and then. Not thread-safe.
class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;
  // Writes to `stream`, which is not owned; nothing if `quiet`.
  ProgressLine(std::FILE* stream, const Terminal& terminal, bool quiet);
  // Ends with the line cleared.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows a view, at most ten times a second on a terminal; elsewhere once in ten seconds, the
  // first time after ten.
  void Update(const ProgressView& view);
  void UpdateAt(const ProgressView& view, Clock::time_point now);
  // Takes the moving line away so that other text can be written.
  void Clear();

 private:
  bool Due(Clock::time_point now);

  std::FILE* const stream_;
  const Terminal terminal_;
  const bool quiet_;
  bool visible_ = false;
  std::optional<Clock::time_point> last_;  // shown, or asked for the first time
};

}  // namespace makeover
