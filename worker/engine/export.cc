#include "worker/engine/export.h"

#include <torch/torch.h>

#include <map>

#include "worker/engine/checkpoint.h"
#include "worker/engine/compute.h"
#include "worker/engine/contract.h"
#include "worker/engine/file.h"
#include "worker/engine/graph.h"
#include "worker/engine/graph_file.h"
#include "worker/engine/json.h"
#include "worker/engine/networks.h"
#include "worker/engine/onnx_file.h"
#include "worker/engine/torchscript_file.h"
#include "worker/engine/version.h"

namespace makeover::engine {
namespace {

Json EndOf(const std::string& name, const Contract& contract) {
  return Json::Object{{"name", name},
                      {"type", "float32"},
                      {"shape", Json::Array{"N", 3, contract.height, contract.width}},
                      {"channels", "RGB"},
                      {"range", Json::Array{0, 1}}};
}

std::map<std::string, std::string> MetadataOf(const ExportRequest& request,
                                              const CheckpointInfo& info,
                                              const Contract& contract) {
  return {{"makeover_export", "1"},
          {"input", EndOf(contract.input, contract).Write()},
          {"output", EndOf(contract.output, contract).Write()},
          {"geometry", request.geometry},
          {"folded", request.fold ? "true" : "false"},
          {"recipe", info.config.recipe},
          {"step", std::to_string(info.step)},
          {"config", ConfigToJson(info.config).Write()},
          {"dataset", info.dataset},
          {"makeover_version", kVersion}};
}

Graph GraphOf(const CheckpointReader& checkpoint, const NetworkOptions& options) {
  return TrainedGenerator(checkpoint, options)->Describe();
}

}  // namespace

ExportResult ExportGenerator(const ExportRequest& request) {
  const torch::NoGradGuard guard;
  const CheckpointReader checkpoint(request.checkpoint);
  const NetworkOptions options = OptionsFor(checkpoint.info().config, Compute());
  Graph graph = GraphOf(checkpoint, options);
  if (request.fold) graph = FoldNormalisation(graph);
  Contract contract;
  contract.height = options.height;
  contract.width = options.width;
  const auto metadata = MetadataOf(request, checkpoint.info(), contract);
  switch (request.format) {
    case ExportFormat::kSafetensors:
      WriteGraph(request.out, graph, metadata);
      break;
    case ExportFormat::kTorchScript:
      WriteFileAtomically(request.out, TorchScriptModule(graph, contract, metadata));
      break;
    case ExportFormat::kOnnx:
      WriteFileAtomically(request.out, OnnxModel(graph, contract, metadata));
      break;
  }
  return {checkpoint.info().step, static_cast<int64_t>(graph.ops.size())};
}

}  // namespace makeover::engine
