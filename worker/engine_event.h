#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace makeover {

// One line of mkengine's stdout. Which fields are filled in depends on the kind; the table is in
// worker/ENGINE.md.
struct EngineEvent {
  enum class Kind {
    kStart,
    kProgress,
    kMetrics,
    kSample,
    kCheckpoint,
    kQuarantine,
    kFile,
    kRequestDone,
    kPrepared,
    kEvaluation,
    kStopped,
    kError,
    kDone,
    kOther,  // Of a newer engine: ignored.
  };
  Kind kind = Kind::kOther;

  uint32_t step = 0;
  std::string path;

  double done = 0;
  double total = 0;
  std::string unit;
  double rate_per_second = 0;

  std::map<std::string, double> values;

  uint32_t count = 0;  // kPrepared: rows; kEvaluation: measured faces; kDone of grid: pictures.

  uint32_t row = 0;
  std::string name;
  std::string reason;

  std::string request;
  std::string status;  // converted, skipped or failed.
  std::string output;
  std::string manifest_line;  // kFile: {"file","status","reason","faces","seconds"}, no newline.

  std::string error_class;  // USER, TASK or STORAGE.
  std::string code;
  std::string message;
  std::string advice;
};

// INVALID_ARGUMENT where the line is no JSON object with an "event".
absl::StatusOr<EngineEvent> ParseEngineEvent(absl::string_view line);

}  // namespace makeover
