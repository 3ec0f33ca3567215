// Method::kWinograd of kernels.h, for 3x3 taps with stride and step 1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels {

// A tile of 2x2 results comes from 4x4 inputs and as many products for each channel.
constexpr int64_t kWinogradPlaces = 16;

void PackWinogradWeights(Type type, const WeightView& weights, void* packed);
int64_t WinogradStrips(const Gather& gather);
size_t WinogradScratchBytes(const Gather& gather);
void WinogradConvolve(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch);

}  // namespace makeover::engine::kernels
