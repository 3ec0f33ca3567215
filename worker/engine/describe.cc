#include "worker/engine/describe.h"

namespace makeover::engine {

int Describe(const ConvImpl& conv, int a, GraphBuilder* graph) {
  return graph->Conv(a, conv.weight, conv.bias, conv.stride(), conv.padding());
}

int Describe(const ResidualBlockImpl& block, int a, GraphBuilder* graph) {
  if (!block.projection.is_empty()) a = Describe(*block.projection, a, graph);
  a = graph->Affine(a, block.norm->Scale(), block.norm->Shift());
  for (const Conv& conv : {block.conv1, block.conv2}) {
    const int change = Describe(*conv, graph->Unary(GraphOp::Kind::kRelu, a), graph);
    a = graph->Binary(GraphOp::Kind::kAdd, a, change);
  }
  return a;
}

}  // namespace makeover::engine
