// Layers as operations of a graph.
#pragma once

#include "worker/engine/graph.h"
#include "worker/engine/layers.h"

namespace makeover::engine {

// Each appends what the layer computes of the value at `a` in inference mode.
int Describe(const ConvImpl& conv, int a, GraphBuilder* graph);
int Describe(const ResidualBlockImpl& block, int a, GraphBuilder* graph);

}  // namespace makeover::engine
