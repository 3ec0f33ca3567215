// The methods of kernels.h with fewer products, on the shapes of shapes.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Products of a tile for each pair of channels.
int64_t ProductsOf(Method method);
void PackWinogradWeights(Type type, Method method, const WeightView& weights, int64_t output_begin,
                         int64_t output_end, void* packed);
int64_t WinogradStrips(const Gather& gather);
size_t WinogradScratchBytes(const Gather& gather);
void WinogradConvolve(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch);

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
