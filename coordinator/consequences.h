// What follows from a scheduler's edit for records that the scheduler does not know.
#pragma once

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/coordinator.h"

namespace makeover {

// A PREPARE job that has ended makes its dataset READY or FAILED; a new checkpoint makes older
// ones go. Errors: the catalog's.
absl::Status AddConsequences(const View& view, Edit& edit);

// Of one training's checkpoints, in order of steps: all but the newest kCheckpointsKept and those
// at `kept` steps.
std::vector<Checkpoint> CheckpointsToRemove(const std::vector<Checkpoint>& checkpoints,
                                            const std::set<uint32_t>& kept);

// Steps of a training that a model's name keeps once `edit` is done. Errors: the catalog's.
absl::StatusOr<std::set<uint32_t>> TaggedSteps(const View& view, JobId job, const Edit& edit);

// What must stay beside the newest while the training has a name: tagged ones, and the best so far.
absl::StatusOr<std::set<uint32_t>> StepsToKeep(const View& view, JobId job, const Edit& edit);

}  // namespace makeover
