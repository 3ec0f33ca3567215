// Work of a device that is recorded once and carried out again as a whole. Built from
// device_graph.cc beside a LibTorch with CUDA, else from device_graph_without_cuda.cc, where no
// device records anything.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace makeover::engine {

// Not thread-safe.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  // Calls `work` once, and records what it gives the device to do; the device does not do it now.
  // Tensors that the work makes keep their memory as long as they and the graph live. Throws
  // a std::exception where the work cannot be recorded: it waits for the device, say.
  virtual void Record(const std::function<void()>& work) = 0;
  // Queues the recorded work behind what is queued already. REQUIRES: Record returned.
  virtual void Run() = 0;
};

// Null where the device has none.
std::unique_ptr<DeviceGraph> MakeDeviceGraph(const c10::Device& device);

}  // namespace makeover::engine
