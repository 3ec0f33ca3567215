// A checkpoint's averaged generator in a form that other programs read. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <string>

namespace makeover::engine {

enum class ExportFormat { kSafetensors, kTorchScript, kOnnx };

struct ExportRequest {
  std::string checkpoint;
  std::string out;
  std::string geometry;  // how pictures are cut for it, for the metadata
  ExportFormat format = ExportFormat::kSafetensors;
  bool fold = false;  // normalisation into the convolutions before it
};

struct ExportResult {
  int64_t step = 0;
  int64_t operations = 0;
};

// Writes request.out, whole or not at all. worker/ENGINE.md lists the metadata. Equal checkpoints
// give equal bytes. Throws EngineError.
ExportResult ExportGenerator(const ExportRequest& request);

}  // namespace makeover::engine
