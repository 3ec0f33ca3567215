// Float32 tensors by name, in memory and in safetensors files.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/engine/safetensors.h"

namespace makeover::engine {

// Names with tensors that share memory with what they describe.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

// Parameters and buffers of a module under "<prefix>.<name>".
NamedTensors TensorsOf(const std::string& prefix, const torch::nn::Module& module);

// The name of the first that holds what is no number, or an infinite one; empty: all are finite.
std::string FirstNotFinite(const NamedTensors& tensors);

// Behind `scalars`, which views describe, the tensors. Atomic and durable. Throws EngineError.
void WriteTensors(const std::string& path, std::vector<TensorView> scalars,
                  const NamedTensors& tensors, const std::map<std::string, std::string>& metadata);

// Such a file, and what is said where it does not hold what it should. Not thread-safe; every
// method throws EngineError of class USER.
class TensorFile {
 public:
  struct Kind {
    std::string code;    // of the error: "bad_checkpoint"
    std::string use;     // what it is to be used as: "a checkpoint"
    std::string remedy;  // a sentence: what to do instead
  };
  TensorFile(const std::string& path, Kind kind);

  [[noreturn]] void Refuse(const std::string& why) const;

  bool HasText(const std::string& key) const { return file_.metadata().count(key) > 0; }
  // Of the metadata.
  const std::string& Text(const std::string& key) const;

  bool Has(const std::string& name) const { return views_.count(name) > 0; }
  // A tensor's, which need not be aligned; they live as long as this object.
  std::string_view Bytes(const std::string& name, const std::string& dtype,
                         torch::IntArrayRef shape) const;
  // A copy of a float32 tensor of whatever shape, on the processor.
  torch::Tensor Floats(const std::string& name) const;
  // Copies into each tensor, on whatever device, that of its name; shapes must agree.
  void Load(const NamedTensors& tensors) const;
  // The same, and all values must be finite.
  void LoadFinite(const NamedTensors& tensors) const;

 private:
  const TensorView& Find(const std::string& name, const std::string& dtype) const;

  std::string path_;
  Kind kind_;
  Safetensors file_;
  std::map<std::string, TensorView> views_;
};

}  // namespace makeover::engine
