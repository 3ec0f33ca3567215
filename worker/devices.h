#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "makeover/v1/workers.pb.h"

namespace makeover {

struct Probe {
  std::vector<v1::Device> devices;
  std::string version;  // Of the engine.
  v1::EngineAbilities engine;
};

// Runs `mkengine probe` to its end. kUnavailable, with its last words, when it fails.
absl::StatusOr<Probe> ProbeEngine(const std::string& engine);

// Reads what `mkengine probe` printed. kInvalidArgument.
absl::StatusOr<Probe> ParseProbe(absl::string_view line);

// The devices that a worker offers: `wanted` is "auto" (every CUDA device, else the processor) or
// names joined by commas. kInvalidArgument with the names that there are.
absl::StatusOr<std::vector<v1::Device>> ChooseDevices(const std::vector<v1::Device>& found,
                                                      const std::string& wanted);

}  // namespace makeover
