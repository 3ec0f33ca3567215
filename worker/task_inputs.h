#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "makeover/v1/workers.pb.h"
#include "storage/face_window.h"
#include "worker/agent_actions.h"
#include "worker/cache.h"
#include "worker/work_folder.h"

namespace makeover {

// What a task's pixel cache shows: as a training's settings say, and the default for every other
// task and for settings that the engine is going to refuse.
FaceWindow PixelWindow(const v1::TaskSpec& spec);

// What keeps a task's inputs in the cache while it runs.
struct TaskInputs {
  std::vector<Cache::Pin> pins;
  bool pixels_ready = false;
};

// Brings one blob into the cache.
using FetchBlob = std::function<absl::StatusOr<Cache::Pin>(const v1::Blob& blob)>;

// Fills the work folder with what the task's child reads. Where the pixel cache of a training's
// dataset is at hand, its index and shards are not fetched. May be called again for the same
// folder. Errors: those of `fetch` and of the disk; kDataLoss: the dataset's index is no index.
absl::StatusOr<TaskInputs> PrepareInputs(const v1::TaskSpec& spec, const WorkFolder& folder,
                                         Cache& cache, const FetchBlob& fetch);

// Moves the pixel cache that `mkengine prepare` wrote into the cache, and a link to it into the
// folder.
absl::StatusOr<Cache::Pin> KeepPixelCache(const v1::TaskSpec& spec, const WorkFolder& folder,
                                          Cache& cache);

// What it means for the task that its blobs could not be fetched or stored.
v1::Failure TransferFailure(const absl::Status& status);

}  // namespace makeover
