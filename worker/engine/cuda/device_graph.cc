#include "worker/engine/cuda/device_graph.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace makeover::engine {
namespace {

class CudaGraph : public DeviceGraph {
 public:
  explicit CudaGraph(const c10::Device& device) : device_(device) {}

  // On a stream of its own, since the default one cannot be recorded.
  void Record(const std::function<void()>& work) override {
    const c10::cuda::CUDAGuard device(device_);
    c10::cuda::device_synchronize();
    const c10::cuda::CUDAStreamGuard stream(
        c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index()));
    graph_.capture_begin();
    try {
      work();
    } catch (...) {
      Abandon();
      throw;
    }
    graph_.capture_end();
  }

  void Run() override {
    const c10::cuda::CUDAGuard device(device_);
    graph_.replay();
  }

 private:
  // A stream must not stay in recording.
  void Abandon() {
    try {
      graph_.capture_end();
    } catch (const c10::Error&) {  // which it says of a recording that failed
    }
  }

  c10::Device device_;
  at::cuda::CUDAGraph graph_;
};

}  // namespace

std::unique_ptr<DeviceGraph> MakeDeviceGraph(const c10::Device& device) {
  if (!device.is_cuda()) return nullptr;
  return std::make_unique<CudaGraph>(device);
}

}  // namespace makeover::engine
