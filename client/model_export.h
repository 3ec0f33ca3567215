#pragma once

#include <string>

#include "client/command.h"
#include "client/session.h"

namespace makeover {

struct ExportOptions {
  std::string model;   // MODEL or MODEL@STEP
  std::string file;    // to write
  std::string format;  // safetensors, torchscript or onnx; empty: the checkpoint as it is
  bool fold = false;
};

// Writes a model's checkpoint, or its generator in another format, whole or not at all. The other
// formats are written by the mkengine that lies beside mkctl, so that mkctl needs no LibTorch.
// FAILED_PRECONDITION: the model has no checkpoint yet, or there is no mkengine.
CommandResult ExportModel(Session& session, const v1::Model& model, const ExportOptions& options);

}  // namespace makeover
