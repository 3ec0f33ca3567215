// A generator as an ONNX model (onnx.ai, IR version 7, operator set 13), for any batch size.
#pragma once

#include <map>
#include <string>

#include "worker/engine/contract.h"
#include "worker/engine/graph.h"

namespace makeover::engine {

// The bytes of the model; `metadata` becomes its metadata_props.
std::string OnnxModel(const Graph& graph, const Contract& contract,
                      const std::map<std::string, std::string>& metadata);

}  // namespace makeover::engine
