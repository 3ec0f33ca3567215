// Datasets, their shards and rows. See records.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/job_records.h"

namespace makeover {

enum class DatasetState : int { kImporting = 1, kPreparing = 2, kReady = 3, kFailed = 4 };

struct Dataset {
  uint32_t id = 0;
  std::string name;
  std::string owner;
  DatasetState state = DatasetState::kImporting;
  std::vector<std::string> attributes;  // Bit i of an item's attributes is attributes[i].
  TimeMs create_ms = 0;
  uint32_t items = 0;
  uint32_t shards = 0;
  int64_t size = 0;  // Bytes in shards.
  uint32_t quarantined = 0;
  BlobRef index;  // Its digest names the content.
  JobId prepare_job = 0;
  Failure failure;
  friend bool operator==(const Dataset&, const Dataset&) = default;
};

struct Shard {
  uint32_t dataset = 0;
  uint32_t index = 0;  // From 0.
  BlobRef blob;
  uint32_t items = 0;
  friend bool operator==(const Shard&, const Shard&) = default;
};

struct Item {
  std::string name;  // Relative path.
  uint32_t shard = 0;
  int64_t offset = 0;  // Of the picture's bytes in the shard.
  uint32_t size = 0;   // Bytes.
  uint64_t attributes = 0;
  int partition = -1;  // 0 train, 1 validation, 2 test, -1 unknown.
  int identity = -1;
  friend bool operator==(const Item&, const Item&) = default;
};

struct Quarantined {
  uint32_t dataset = 0;
  uint32_t row = 0;
  std::string reason;
  friend bool operator==(const Quarantined&, const Quarantined&) = default;
};

}  // namespace makeover
