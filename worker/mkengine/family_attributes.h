// What a training knows of its two families by their attributes. Free of LibTorch's headers.
#pragma once

#include "worker/engine/population.h"
#include "worker/engine/training.h"

namespace makeover {

// Weighs the families of the run so that they resemble each other in what it shall keep, and says
// what an attribute reader shall keep and reach; nothing where attributes tell too little. Rows are
// those of the population; what `division` holds out is not learned from. Throws UsageError where
// rows of the run are not the population's.
void UseAttributes(const engine::Population& population, const engine::Division& division,
                   engine::TrainingRun* run);

}  // namespace makeover
