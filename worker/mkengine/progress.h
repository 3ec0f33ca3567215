// The event `progress`, about once a second.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "worker/mkengine/command.h"

namespace makeover {

// Not thread-safe.
class Progress {
 public:
  Progress(std::string unit, int64_t total, const Surroundings& around)
      : unit_(std::move(unit)),
        total_(total),
        around_(around),
        begin_(around.seconds()),
        last_(begin_) {}

  void Report(int64_t done) {
    const double now = around_.seconds();
    if (now - last_ < 1) return;
    last_ = now;
    around_.events->Emit(
        Json::Object{{"event", "progress"},
                     {"done", done},
                     {"total", total_},
                     {"unit", unit_},
                     {"ratePerSecond", static_cast<double>(done) / (now - begin_)}});
  }

 private:
  std::string unit_;
  int64_t total_;
  const Surroundings& around_;
  double begin_;
  double last_;
};

}  // namespace makeover
