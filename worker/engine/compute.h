// On what a network runs: device, precision, threads. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace makeover::engine {

// On a GPU cuDNN multiplies the float32 of kFp32 as TF32, of 10 bits behind the point, where it
// can.
enum class Precision { kFp32, kBf16 };

struct Compute {
  std::string device = "cpu";  // "cpu" or "cuda:N"
  Precision precision = Precision::kFp32;
  int threads = 1;  // of the processor
};

struct DeviceInfo {
  std::string name;  // "cpu", "cuda:0"
  std::string kind;  // "cpu", "cuda"
  std::string description;
  int64_t memory_bytes = 0;
  bool bf16 = false;  // computes in bfloat16 faster than in float32
};

// The processor first, then what CUDA finds.
std::vector<DeviceInfo> ListDevices();

// Processors that this process may run on (sched_setaffinity(2)), which a cpuset makes fewer than
// the machine has. At least 1.
int UsableProcessors();

// Resolves the options: device "auto" (the first CUDA device, else the processor) or a name;
// precision "auto" (bf16 where the device is fast in it), "fp32" or "bf16"; threads 0
// (UsableProcessors) or a number, which is set for the whole process. Throws EngineError
// of class USER for names that are not there.
Compute ChooseCompute(const std::string& device, const std::string& precision, int threads);

const char* PrecisionName(Precision precision);

// LibTorch's version, e.g. "1.13.0a0".
std::string TorchVersion();

}  // namespace makeover::engine
