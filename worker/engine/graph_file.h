// A generator as a safetensors file that explains itself: metadata `graph` lists the operations,
// tensors "<place>.weight" and "<place>.bias" belong to them. ENGINE.md says what each means.
#pragma once

#include <map>
#include <string>

#include "worker/engine/graph.h"

namespace makeover::engine {

// The field's name of an operation: "conv", "mean_pool", ...
std::string OpName(GraphOp::Kind kind);

// Atomic and durable. REQUIRES: metadata has no key "graph". Throws EngineError.
void WriteGraph(const std::string& path, const Graph& graph,
                std::map<std::string, std::string> metadata);

// The graph of such a file, equal in every bit. Throws EngineError of class USER where the file is
// damaged or is none.
Graph ReadGraph(const std::string& path);

}  // namespace makeover::engine
