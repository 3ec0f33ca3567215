// A training's whole state as one safetensors file.
//
// Tensors: `generator.*`, `generator_ema.*`, `discriminator.*` (weights and running statistics,
// float32); `optimizer.generator.mean`, `.variance` and the same of the discriminator (flat, in the
// order of the network's weights); where attributes are read `reader.*`, `reader_ema.*` and
// `optimizer.reader.mean`, `.variance` as well; where what is kept has a goal `keep.growth` (a
// scalar, the logarithm of how much its weight has grown). Scalars (shape []): `optimizer.*.steps`,
// `labels.count` (attributes that the reader knows of), `random.seed`, `random.source_position`,
// `random.target_position`, `schedule.step` (I64), `schedule.elapsed_seconds`,
// `schedule.rate_scale` (F64); where there were evaluations, `best.step` (I64) and
// `best.target_rate`, `best.kid`, `best.kept`, `best.low_l1` (F64). Metadata: `recipe`, `step`,
// `config` (JSON), `dataset`, `makeover_version`; `source` and `target`, the filters, where they
// are known.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>

#include "worker/engine/config.h"
#include "worker/engine/tensor_file.h"

namespace makeover::engine {

struct CheckpointScalars {
  std::map<std::string, int64_t> integers;
  std::map<std::string, double> numbers;
};

struct CheckpointInfo {
  int64_t step = 0;
  Config config;
  std::string dataset;  // digest; "" where unknown
  std::string source;   // who is turned into whom, as filters; "" where unknown
  std::string target;
};

// Atomic and durable. Throws EngineError.
void WriteCheckpoint(const std::string& path, const NamedTensors& tensors,
                     const CheckpointScalars& scalars, const CheckpointInfo& info);

// Not thread-safe. Throws EngineError of class USER for files that are damaged or that are no
// checkpoints.
class CheckpointReader {
 public:
  explicit CheckpointReader(const std::string& path);

  const CheckpointInfo& info() const { return info_; }
  // Copies into each tensor that of its name; type and shape must agree.
  void Load(const NamedTensors& tensors) const { file_.Load(tensors); }
  void LoadFinite(const NamedTensors& tensors) const { file_.LoadFinite(tensors); }
  bool Has(const std::string& name) const { return file_.Has(name); }
  // From 0 to 2^53: all are counts, or a seed.
  int64_t Integer(const std::string& name) const;
  // What is no number, or infinite, only where a figure may be unknown.
  double Number(const std::string& name) const;
  double Figure(const std::string& name) const;
  [[noreturn]] void Refuse(const std::string& why) const { file_.Refuse(why); }

 private:
  TensorFile file_;
  CheckpointInfo info_;
};

}  // namespace makeover::engine
