// How often training shows each target face, so that the targets resemble the sources in what a
// makeover shall keep: else a discriminator tells the families apart by their glasses, smiles and
// ages, and the generator learns to change those too. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/population.h"

namespace makeover::engine {

// Weights of the target rows, of a mean near 1 and between 1 / most and most, under which the share
// of each of the attributes (numbers, see KeptAttributes) comes as near to its share among the
// source rows as these bounds allow: raking (Deming and Stephan, 1940). An attribute whose shares
// differ by more than a half belongs to what the target means and is left as it is. REQUIRES: most
// >= 1; no row list is empty; rows are below the population's size.
std::vector<double> BalancedWeights(const Population& population,
                                    const std::vector<int64_t>& source,
                                    const std::vector<int64_t>& target,
                                    const std::vector<int>& attributes, double most);

}  // namespace makeover::engine
