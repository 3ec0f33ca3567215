// A dataset's index and lists of rows, as worker/ENGINE.md describes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace makeover {

struct IndexRow {
  int64_t shard = 0;
  int64_t offset = 0;
  int64_t size = 0;
  uint64_t attributes = 0;
  int partition = -1;
  int64_t identity = -1;
  std::string name;
};

struct DatasetIndex {
  std::vector<std::string> attributes;
  std::vector<std::string> shards;  // file names
  std::vector<IndexRow> rows;
};

// Both throw EngineError of class USER with the number of the first bad line.
DatasetIndex ReadIndex(const std::string& path);
// One row number a line.
std::vector<int64_t> ReadRows(const std::string& path);

}  // namespace makeover
