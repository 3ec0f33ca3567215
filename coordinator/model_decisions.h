// What is decided about the names of checkpoints.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "coordinator/coordinator.h"
#include "makeover/v1/models.pb.h"

namespace makeover {

// Names a checkpoint of a training; step 0 means its newest. The same again is fine.
// kNotFound: no such training or step. kFailedPrecondition: it has no checkpoint yet.
// kAlreadyExists: the name means another one. REQUIRES: the name is a name.
absl::StatusOr<Edit> DecideTag(const View& view, const v1::TagCheckpointRequest& request);

// Removes a name, with the checkpoints that no other name keeps: with a training's own name, all
// that are not tagged, also of the trainings that were retried under it; with a tag, what is
// neither new nor the best. kNotFound. kFailedPrecondition: it is in training or in use.
absl::StatusOr<Edit> DecideDelete(const View& view, const std::string& name);

}  // namespace makeover
