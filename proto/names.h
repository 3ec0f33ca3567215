#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace makeover {

inline constexpr size_t kNameBytesMax = 64;

// Names of datasets, models and workers: [A-Za-z0-9][A-Za-z0-9._-]*, at most kNameBytesMax.
bool IsName(std::string_view name);

// OK, or INVALID_ARGUMENT with a sentence about the `what` ("dataset", "model", ...).
absl::Status CheckName(std::string_view what, std::string_view name);

// A checkpoint of a model: NAME, NAME@STEP or NAME@best, the best of its training's evaluations.
// Without a step: the one that the name means now.
struct ModelRef {
  std::string name;
  std::optional<uint32_t> step;
  bool best = false;
};

// INVALID_ARGUMENT with a sentence.
absl::StatusOr<ModelRef> ParseModelRef(std::string_view text);
std::string FormatModelRef(const ModelRef& ref);

// A checkpoint of a training: JOB or JOB@STEP. Without a step: the newest.
struct CheckpointRef {
  uint32_t job = 0;
  std::optional<uint32_t> step;
};

// INVALID_ARGUMENT with a sentence.
absl::StatusOr<CheckpointRef> ParseCheckpointRef(std::string_view text);

// A job's number, from 1. INVALID_ARGUMENT with a sentence.
absl::StatusOr<uint32_t> ParseJobId(std::string_view text);

}  // namespace makeover
