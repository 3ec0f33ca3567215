// A training's metrics on disk: a line of JSON for each step that was measured.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "worker/engine/json.h"

namespace makeover::engine {

// Not thread-safe. Methods throw EngineError where the file cannot be read or written.
class MetricsFile {
 public:
  explicit MetricsFile(std::string path) : path_(std::move(path)) {}

  // Takes out the lines of later steps, which will be run again; of step 0, all of them.
  void Trim(int64_t step) const;
  // REQUIRES: values is an object.
  void Append(int64_t step, const Json& values) const;

 private:
  std::string path_;
};

}  // namespace makeover::engine
