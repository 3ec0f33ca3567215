// A generator in inference mode as a list of plain operations with their weights: what fast
// execution and exports (TorchScript, ONNX) start from.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace makeover::engine {

// One operation on tensors [N, C, H, W] float32.
struct GraphOp {
  enum class Kind {
    kInput,     // the picture, [N, 3, H, W] in [0, 1]
    kConv,      // conv2d(a, weight, bias, stride, padding)
    kAffine,    // weight[c] * a + bias[c] per channel: a normalisation with running statistics
    kScale,     // scale * a + shift, numbers
    kRelu,      // max(a, 0)
    kAdd,       // a + b
    kMultiply,  // a * b; b may have one channel, for all of a's
    kMeanPool,  // 2x2 means; a last odd line is left out
    kTwice,     // each pixel as 2x2 of it (nearest)
    kSigmoid,
    kTanh,
    kSlice,  // channels begin to end - 1
    kClamp,  // to [0, 1]
  };
  Kind kind = Kind::kInput;
  std::vector<int> inputs;     // places of a and b in Graph::ops, all before this one's
  torch::Tensor weight, bias;  // float32, detached
  int64_t stride = 1;
  int64_t padding = 0;
  double scale = 1;
  double shift = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

// The first operation is the input, the last one's value the result.
struct Graph {
  std::vector<GraphOp> ops;
};

// Appends operations; each call returns the place of its own.
class GraphBuilder {
 public:
  GraphBuilder();

  int input() const { return 0; }
  int Conv(int a, const torch::Tensor& weight, const torch::Tensor& bias, int64_t stride,
           int64_t padding);
  int Affine(int a, const torch::Tensor& scale, const torch::Tensor& shift);
  int Scale(int a, double scale, double shift);
  int Slice(int a, int64_t begin, int64_t end);
  // kRelu, kMeanPool, kTwice, kSigmoid, kTanh, kClamp.
  int Unary(GraphOp::Kind kind, int a);
  // kAdd, kMultiply.
  int Binary(GraphOp::Kind kind, int a, int b);

  Graph Build() const { return graph_; }

 private:
  int Append(GraphOp op);

  Graph graph_;
};

// An equal graph in which each normalisation right behind a convolution is part of its weights.
Graph FoldNormalisation(const Graph& graph);

// The plain interpreter: [N, 3, H, W] in, the result out.
torch::Tensor RunGraph(const Graph& graph, const torch::Tensor& pictures);

}  // namespace makeover::engine
