// A function of tensors that a device, once it has been seen to run it, runs again at once.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <vector>

#include "worker/engine/cuda/device_graph.h"

namespace makeover::engine {

// Launching a training step's thousand small pieces of work can take longer than a GPU needs for
// them; a graph of them is launched as one. A graph is only used after it was seen to do what the
// function does, with other inputs than those it was recorded with. Not thread-safe.
class Replay {
 public:
  using Tensors = std::vector<torch::Tensor>;
  // Reads nothing that changes from call to call but its inputs and the state.
  using Function = std::function<Tensors(const Tensors&)>;

  // Without a graph the function itself is run each time. `state` is all that the function changes,
  // in place, in parts. `tolerance`: how far the graph's changes of each part, and its outputs, may
  // lie from the function's, as a share of these (lengths of vectors); 0 asks for equal bits.
  Replay(std::unique_ptr<DeviceGraph> graph, std::vector<Tensors> state, double tolerance);

  // The outputs, which the next call may overwrite. Functions of all calls do the same. Inputs of
  // other shapes than those of the recording go to the function. Tensors may be undefined.
  Tensors Run(const Tensors& inputs, const Function& function);

  // Whether further calls take the same way as the last one.
  bool settled() const { return stage_ == Stage::kPlain || stage_ == Stage::kGraph; }
  // Whether the last call was the graph's.
  bool by_graph() const { return by_graph_; }

 private:
  enum class Stage { kPlain, kWarmUp, kRecord, kCheck, kGraph };
  void Record(const Tensors& inputs, const Function& function);
  // No graph from now on.
  void GiveUp();
  Tensors Check(const Tensors& inputs, const Function& function);
  bool Fits(const Tensors& inputs) const;
  const Tensors& RunGraph(const Tensors& inputs);

  std::unique_ptr<DeviceGraph> graph_;
  std::vector<Tensors> state_;
  double tolerance_;
  Stage stage_;
  int calls_ = 0;
  bool by_graph_ = false;
  Tensors inputs_;   // what the graph reads
  Tensors outputs_;  // what it writes
};

// Structures of tensors that list them as Tensors(), as a flat list and back.
template <typename Structure>
Replay::Tensors Flat(Structure structure) {
  Replay::Tensors flat;
  for (const torch::Tensor* tensor : structure.Tensors()) flat.push_back(*tensor);
  return flat;
}

template <typename Structure>
Structure Filled(Structure structure, const Replay::Tensors& flat) {
  size_t next = 0;
  for (torch::Tensor* tensor : structure.Tensors()) *tensor = flat[next++];
  return structure;
}

}  // namespace makeover::engine
