// How often training shows each face, so that the two families resemble each other in what a
// makeover shall keep: else a discriminator tells them apart by their glasses, smiles and ages, and
// the generator learns to change those too. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/population.h"

namespace makeover::engine {

struct Balance {
  // How common an attribute is in a family, of 1: as the rows are, and by weight.
  struct Share {
    double plain = 0;
    double weighted = 0;
  };
  struct Shares {
    int attribute = 0;
    Share source;
    Share target;
  };
  std::vector<double> source_weights;  // of the source rows; their mean is near 1
  std::vector<double> target_weights;  // the same of the target rows
  std::vector<Shares> shares;          // of the attributes that the weights were made for
};

// Weights between 1 / most and most under which each of the attributes (numbers, see
// KeptAttributes) is as common among the target rows as among the source rows, or as nearly so as
// these bounds allow: raking (Deming and Stephan, 1940). First the targets come to the sources; the
// sources come to them as far as the targets could not. An attribute belongs to what the target
// means and is left as it is if its shares differ by more than a half, or if it or its absence is
// at most a fiftieth as common among the targets as among the sources (black hair among the blond).
// REQUIRES: most >= 1; no list of rows is empty; rows are below the population's size.
Balance BalanceFamilies(const Population& population, const std::vector<int64_t>& source,
                        const std::vector<int64_t>& target, const std::vector<int>& attributes,
                        double most);

}  // namespace makeover::engine
