#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "coordinator/attempt_logs.h"
#include "coordinator/coordinator.h"
#include "coordinator/engine_rules.h"
#include "coordinator/progress_board.h"
#include "coordinator/watch_hub.h"
#include "storage/blob_store.h"
#include "storage/catalog.h"

namespace makeover {

// What the services work on. All of it is thread-safe and outlives them.
struct Backend {
  Coordinator& coordinator;
  Catalog& catalog;
  BlobStore& blobs;
  ProgressBoard& board;
  WatchHub& hub;
  AttemptLogs& logs;
  EngineRules& engines;
  std::string data_dir;
  std::function<uint64_t()> random;  // Seeds for trainings that name none.
};

}  // namespace makeover
