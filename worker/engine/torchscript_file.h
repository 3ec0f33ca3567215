// A generator as a TorchScript module: torch.jit.load and torch::jit::load read it.
#pragma once

#include <map>
#include <string>

#include "worker/engine/contract.h"
#include "worker/engine/graph.h"

namespace makeover::engine {

// The bytes of the module's archive; `metadata` lies in it as extra file "makeover.json".
std::string TorchScriptModule(const Graph& graph, const Contract& contract,
                              const std::map<std::string, std::string>& metadata);

}  // namespace makeover::engine
