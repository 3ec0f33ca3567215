#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "makeover/v1/workers.pb.h"

namespace makeover {

// What the engines of the workers take for a training: in memory alone, as each worker said when it
// registered, so that a mistyped setting is refused at once and not when its job's turn comes.
// Thread-safe.
class EngineRules {
 public:
  // Replaces what the worker said before. With nothing said, as by a worker that is about to end or
  // is older than this, it is forgotten.
  void Set(const std::string& worker, const v1::EngineAbilities& abilities);

  // OK where one of the engines takes this recipe with these settings, each key=value, and where
  // nothing is known of any. Else INVALID_ARGUMENT, in the words of an engine.
  absl::Status Check(const v1::TrainSpec& training) const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, v1::EngineAbilities> engines_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace makeover
