#include "worker/engine/compute.h"

#include <sched.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "worker/engine/cuda/normalise.h"
#include "worker/engine/error.h"
#include "worker/engine/words.h"

namespace makeover::engine {
namespace {

// The first line of /proc/cpuinfo that begins with the key, after its colon.
std::string CpuInfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const size_t colon = line.find(':');
    if (line.rfind(key, 0) == 0 && colon != std::string::npos) {
      return line.substr(std::min(line.size(), colon + 2));
    }
  }
  return "";
}

// Without such instructions bfloat16 is emulated, slower than float32. Intel's processors have a
// fast way in AMX; their AVX-512 multiplies bfloat16 hardly faster than float32, and the
// conversions come on top.
bool CpuIsFastInBf16() {
  std::istringstream flags(CpuInfo("flags"));
  const std::set<std::string> has{std::istream_iterator<std::string>(flags), {}};
  return has.count("amx_bf16") > 0 ||
         (has.count("avx512_bf16") > 0 && CpuInfo("vendor_id") != "GenuineIntel");
}

DeviceInfo Cpu() {
  const std::string model = CpuInfo("model name");
  const int64_t memory = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
  return {"cpu", "cpu", model.empty() ? "processor" : model, memory, CpuIsFastInBf16()};
}

[[noreturn]] void RefuseDevice(const std::string& device, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  throw EngineError(ErrorClass::kUser, "unknown_device",
                    "There is no device '" + device + "' here.", "The devices are: " + list + ".");
}

}  // namespace

std::vector<DeviceInfo> ListDevices() {
  std::vector<DeviceInfo> devices = {Cpu()};
  const int count = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
  for (int i = 0; i < count; ++i) {
    const CudaDevice cuda = DescribeCudaDevice(i);
    devices.push_back(
        {"cuda:" + std::to_string(i), "cuda", cuda.description, cuda.memory_bytes, cuda.bf16});
  }
  return devices;
}

int UsableProcessors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  const bool known = sched_getaffinity(0, sizeof usable, &usable) == 0;  // not beyond 1,024
  const int count = known ? CPU_COUNT(&usable) : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  return std::max(1, count);
}

Compute ChooseCompute(const std::string& device, const std::string& precision, int threads) {
  // LibTorch's own default takes one thread on machines whose processors look like halves of one
  // core.
  torch::set_num_threads(threads > 0 ? threads : UsableProcessors());
  const std::vector<DeviceInfo> devices = ListDevices();
  std::vector<std::string> names;
  const DeviceInfo* chosen =
      device == "auto" ? &devices[std::min<size_t>(1, devices.size() - 1)] : nullptr;
  for (const DeviceInfo& info : devices) {
    names.push_back(info.name);
    if (info.name == device || (device == "cuda" && info.name == "cuda:0")) chosen = &info;
  }
  if (chosen == nullptr) RefuseDevice(device, names);
  // Shapes stay the same all through a run, so that trying cuDNN's ways once pays for itself.
  at::globalContext().setBenchmarkCuDNN(chosen->kind == "cuda");
  const bool bf16 = precision == "bf16" || (precision == "auto" && chosen->bf16);
  return {chosen->name, bf16 ? Precision::kBf16 : Precision::kFp32, torch::get_num_threads()};
}

const char* PrecisionName(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "fp32";
}

std::string TorchVersion() { return TORCH_VERSION; }

}  // namespace makeover::engine
