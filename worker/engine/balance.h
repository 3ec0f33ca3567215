// How often training shows each target face, so that the targets resemble the sources in what a
// makeover shall keep: else a discriminator tells the families apart by their glasses, smiles and
// ages, and the generator learns to change those too. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/population.h"

namespace makeover::engine {

struct Balance {
  // How common an attribute is, of 1: among the sources, among the targets, and among the targets
  // by weight.
  struct Share {
    int attribute = 0;
    double source = 0;
    double target = 0;
    double weighted = 0;
  };
  std::vector<double> weights;  // of the target rows; their mean is near 1
  std::vector<Share> shares;    // of the attributes that the weights were made for
};

// Weights between 1 / most and most under which each of the attributes (numbers, see
// KeptAttributes) is as common among the target rows as among the source rows, or as nearly so as
// these bounds allow: raking (Deming and Stephan, 1940). An attribute whose shares differ by more
// than a half belongs to what the target means and is left as it is.
// REQUIRES: most >= 1; no list of rows is empty; rows are below the population's size.
Balance BalanceTargets(const Population& population, const std::vector<int64_t>& source,
                       const std::vector<int64_t>& target, const std::vector<int>& attributes,
                       double most);

}  // namespace makeover::engine
