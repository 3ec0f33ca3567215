#include "worker/engine/graph.h"

#include <utility>

namespace makeover::engine {
namespace {

using Kind = GraphOp::Kind;

torch::Tensor PerChannel(const torch::Tensor& values) { return values.view({1, -1, 1, 1}); }

torch::Tensor Evaluate(const GraphOp& op, const torch::Tensor& a, const torch::Tensor& b) {
  switch (op.kind) {
    case Kind::kInput:
      return a;
    case Kind::kConv:
      return torch::conv2d(a, op.weight, op.bias, op.stride, op.padding);
    case Kind::kAffine:
      return a * PerChannel(op.weight) + PerChannel(op.bias);
    case Kind::kScale:
      return a * op.scale + op.shift;
    case Kind::kRelu:
      return torch::relu(a);
    case Kind::kAdd:
      return a + b;
    case Kind::kMultiply:
      return a * b;
    case Kind::kMeanPool:
      return torch::avg_pool2d(a, 2);
    case Kind::kTwice:
      return torch::upsample_nearest2d(a, {2 * a.size(2), 2 * a.size(3)});
    case Kind::kSigmoid:
      return torch::sigmoid(a);
    case Kind::kTanh:
      return torch::tanh(a);
    case Kind::kSlice:
      return a.slice(1, op.begin, op.end);
    case Kind::kClamp:
      return a.clamp(0, 1);
  }
  return a;
}

std::vector<int> CountUses(const Graph& graph) {
  std::vector<int> uses(graph.ops.size(), 0);
  for (const GraphOp& op : graph.ops) {
    for (const int input : op.inputs) ++uses[static_cast<size_t>(input)];
  }
  return uses;
}

// scale * conv(x) + shift as one convolution.
void FoldInto(const GraphOp& affine, GraphOp* conv) {
  conv->weight = conv->weight * affine.weight.view({-1, 1, 1, 1});
  conv->bias = conv->bias * affine.weight + affine.bias;
}

}  // namespace

GraphBuilder::GraphBuilder() { Append(GraphOp()); }

int GraphBuilder::Append(GraphOp op) {
  graph_.ops.push_back(std::move(op));
  return static_cast<int>(graph_.ops.size()) - 1;
}

int GraphBuilder::Conv(int a, const torch::Tensor& weight, const torch::Tensor& bias,
                       int64_t stride, int64_t padding) {
  GraphOp op;
  op.kind = Kind::kConv;
  op.inputs = {a};
  op.weight = weight.detach();
  op.bias = bias.detach();
  op.stride = stride;
  op.padding = padding;
  return Append(std::move(op));
}

int GraphBuilder::Affine(int a, const torch::Tensor& scale, const torch::Tensor& shift) {
  GraphOp op;
  op.kind = Kind::kAffine;
  op.inputs = {a};
  op.weight = scale.detach();
  op.bias = shift.detach();
  return Append(std::move(op));
}

int GraphBuilder::Scale(int a, double scale, double shift) {
  GraphOp op;
  op.kind = Kind::kScale;
  op.inputs = {a};
  op.scale = scale;
  op.shift = shift;
  return Append(std::move(op));
}

int GraphBuilder::Slice(int a, int64_t begin, int64_t end) {
  GraphOp op;
  op.kind = Kind::kSlice;
  op.inputs = {a};
  op.begin = begin;
  op.end = end;
  return Append(std::move(op));
}

int GraphBuilder::Unary(GraphOp::Kind kind, int a) {
  GraphOp op;
  op.kind = kind;
  op.inputs = {a};
  return Append(std::move(op));
}

int GraphBuilder::Binary(GraphOp::Kind kind, int a, int b) {
  GraphOp op;
  op.kind = kind;
  op.inputs = {a, b};
  return Append(std::move(op));
}

Graph FoldNormalisation(const Graph& graph) {
  const std::vector<int> uses = CountUses(graph);
  Graph folded;
  std::vector<int> places;  // of each old operation in the new graph
  for (const GraphOp& op : graph.ops) {
    const int a = op.inputs.empty() ? -1 : op.inputs[0];
    const bool behind_conv = op.kind == Kind::kAffine &&
                             graph.ops[static_cast<size_t>(a)].kind == Kind::kConv &&
                             uses[static_cast<size_t>(a)] == 1;
    if (behind_conv) {
      const int conv = places[static_cast<size_t>(a)];
      FoldInto(op, &folded.ops[static_cast<size_t>(conv)]);
      places.push_back(conv);
      continue;
    }
    GraphOp copy = op;
    for (int& input : copy.inputs) input = places[static_cast<size_t>(input)];
    places.push_back(static_cast<int>(folded.ops.size()));
    folded.ops.push_back(std::move(copy));
  }
  return folded;
}

torch::Tensor RunGraph(const Graph& graph, const torch::Tensor& pictures) {
  const torch::NoGradGuard guard;
  std::vector<int> left = CountUses(graph);
  std::vector<torch::Tensor> values;
  for (const GraphOp& op : graph.ops) {
    const torch::Tensor a =
        op.inputs.empty() ? pictures : values[static_cast<size_t>(op.inputs[0])];
    const torch::Tensor b =
        op.inputs.size() < 2 ? torch::Tensor() : values[static_cast<size_t>(op.inputs[1])];
    values.push_back(Evaluate(op, a, b));
    for (const int input : op.inputs) {
      if (--left[static_cast<size_t>(input)] == 0) values[static_cast<size_t>(input)].reset();
    }
  }
  return values.back();
}

}  // namespace makeover::engine
