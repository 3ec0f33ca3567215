// What follows from a scheduler's edit for records that the scheduler does not know.
#pragma once

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "coordinator/coordinator.h"

namespace makeover {

// A PREPARE job that has ended makes its dataset READY or FAILED; a new checkpoint makes older
// ones go. Errors: the catalog's.
absl::Status AddConsequences(const View& view, Edit& edit);

// Of one training's checkpoints, in order of steps: all but the newest kCheckpointsKept and those
// at `tagged` steps.
std::vector<Checkpoint> CheckpointsToRemove(const std::vector<Checkpoint>& checkpoints,
                                            const std::set<uint32_t>& tagged);

// Steps of a training that a model's name keeps.
absl::StatusOr<std::set<uint32_t>> TaggedSteps(const View& view, JobId job);

}  // namespace makeover
