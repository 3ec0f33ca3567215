#include "worker/engine/cuda/device_graph.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace makeover::engine {
namespace {

using Pool = decltype(at::cuda::graph_pool_handle());

// LibTorch 1.13's allocator has no functions of these names: beside it these are chosen.
namespace without {
template <typename... Any>
void endAllocateToPool(Any... /*unused*/) {}
template <typename... Any>
void releasePool(Any... /*unused*/) {}
}  // namespace without

// The pool's memory goes back to all.
void Release(c10::DeviceIndex device, Pool pool) {
  using namespace without;
  using namespace c10::cuda::CUDACachingAllocator;
  endAllocateToPool(device, pool);
  releasePool(device, pool);
}

class CudaGraph : public DeviceGraph {
 public:
  explicit CudaGraph(const c10::Device& device) : device_(device) {}

  // On a stream of its own, since the default one cannot be recorded.
  void Record(const std::function<void()>& work) override {
    const c10::cuda::CUDAGuard device(device_);
    c10::cuda::device_synchronize();
    const c10::cuda::CUDAStreamGuard stream(
        c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index()));
    const Pool pool = at::cuda::graph_pool_handle();
    graph_.capture_begin(pool);
    try {
      work();
    } catch (...) {
      Abandon(pool);
      throw;
    }
    End(pool);
  }

  void Run() override {
    const c10::cuda::CUDAGuard device(device_);
    graph_.replay();
  }

 private:
  // A recording that was invalidated ends with an exception, which leaves the allocator thinking
  // that one is underway: from then on it would free nothing, and ask this graph where memory goes.
  void End(Pool pool) {
    try {
      graph_.capture_end();
    } catch (...) {
      Release(device_.index(), pool);
      throw;
    }
  }

  // A stream must not stay in recording.
  void Abandon(Pool pool) {
    try {
      End(pool);
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
