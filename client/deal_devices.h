#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace makeover {

using ProbeDevices = std::function<absl::StatusOr<std::vector<std::string>>()>;

// Deals devices ("auto", "cpu" or names joined by commas) out to workers, one entry each, as
// mkworker's --devices: each device has one owner, but all may share the processor. `probe` names
// this machine's CUDA devices; it is asked for "auto" and several workers. REQUIRES: workers > 0.
// INVALID_ARGUMENT: too few devices.
absl::StatusOr<std::vector<std::string>> DealDevices(const std::string& devices, int workers,
                                                     const ProbeDevices& probe);

// The CUDA devices that the program mkengine finds. FAILED_PRECONDITION where it cannot be run.
absl::StatusOr<std::vector<std::string>> ProbeCudaDevices(const std::string& engine);

// The names of CUDA devices in a line that `mkengine probe` printed; none in any other.
std::vector<std::string> CudaDevicesIn(const std::string& line);

}  // namespace makeover
