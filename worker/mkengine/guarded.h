// What goes wrong with a picture is the picture's.
#pragma once

#include <exception>
#include <functional>
#include <new>

#include "worker/mkengine/converter.h"

namespace makeover {

// Runs the work, whose exception becomes the picture's reason, and adds its time by a monotonic
// clock.
template <typename Work>
void Guarded(const std::function<double()>& seconds, Converted* outcome, Work work) {
  const double begin = seconds();
  try {
    work();
  } catch (const std::bad_alloc&) {
    outcome->reason = "it needs more memory than there is";
  } catch (const std::exception& error) {
    outcome->reason = error.what();
  }
  outcome->seconds += seconds() - begin;
}

}  // namespace makeover
