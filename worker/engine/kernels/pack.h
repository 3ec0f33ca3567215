// Lines of a tensor copied with their surroundings: activated, padded with zeros.
#pragma once

#include <cstring>

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// What is not a number stays so.
template <class T>
void CopyActivated(const typename T::Value* from, int64_t count, float slope,
                   typename T::Value* to) {
  if (slope == 1) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(typename T::Value));
    return;
  }
  int64_t i = 0;
  if (slope == 0) {
    for (constexpr int64_t kChunk = 16 * T::kPair; i + kChunk <= count; i += kChunk)
      StoreBits(to + i, T::Rectified(LoadBits(from + i)));
  }
  const Vector slopes = All(slope);
  for (; i < count; i += 16) {
    const Mask lanes = Lanes(i, count);
    T::Store(to + i, lanes, Leaky(T::Load(from + i, lanes), slopes));
  }
}

// A strip of a window's input: of LinesIn lines, each with `width` places of `channels`
// values, an even number in bfloat16.
template <class T>
struct Strip {
  using Value = typename T::Value;

  Strip(const Window& w, int64_t places_x)
      : window(w),
        width((places_x - 1) * w.stride + w.taps_x),
        channels(DivideUp(w.channels, T::kPair) * T::kPair) {}

  int64_t LinesIn(int64_t lines_out) const {
    return (lines_out - 1) * window.stride + window.taps_y;
  }
  size_t Bytes(int64_t lines_out) const {
    return static_cast<size_t>(LinesIn(lines_out) * width * channels) * sizeof(Value);
  }

  void Pack(const Value* picture, int64_t first_place, int64_t lines_out, Value* to) const {
    const int64_t top = first_place * window.stride + window.first_dy;
    for (int64_t line = top; line < top + LinesIn(lines_out); ++line) {
      if (line < 0 || line >= window.height) {
        std::memset(to, 0, static_cast<size_t>(width * channels) * sizeof(Value));
      } else {
        PackLine(picture + line * window.width * window.channels, to);
      }
      to += width * channels;
    }
  }

  void PackLine(const Value* from, Value* to) const {
    const int64_t left = window.first_dx < 0 ? -window.first_dx : 0;
    const int64_t begin = window.first_dx < 0 ? 0 : window.first_dx;
    int64_t inside = window.width - begin;
    if (inside > width - left) inside = width - left;
    if (inside < 0) inside = 0;
    const int64_t right = width - left - inside;
    std::memset(to, 0, static_cast<size_t>(left * channels) * sizeof(Value));
    to += left * channels;
    from += begin * window.channels;
    if (channels == window.channels) {
      CopyActivated<T>(from, inside * channels, window.slope, to);
    } else {
      for (int64_t x = 0; x < inside; ++x) {
        CopyActivated<T>(from + x * window.channels, window.channels, window.slope,
                         to + x * channels);
        to[x * channels + channels - 1] = 0;
      }
    }
    std::memset(to + inside * channels, 0, static_cast<size_t>(right * channels) * sizeof(Value));
  }

  Window window;
  int64_t width;
  int64_t channels;
};

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
