#include "worker/engine/torchscript_file.h"

#include <torch/script.h>

#include <sstream>
#include <vector>

#include "worker/engine/json.h"

namespace makeover::engine {
namespace {

using Kind = GraphOp::Kind;

std::string Value(int place) { return "value" + std::to_string(place); }

std::string Pair(int64_t size) {
  const std::string text = std::to_string(size);
  return "[" + text + ", " + text + "]";
}

// The right side of an operation's line; weights are the module's own.
std::string Expression(const GraphOp& op, const std::string& place) {
  const std::string a = op.inputs.empty() ? "" : Value(op.inputs[0]);
  const std::string weights = "self.weight" + place + ", self.bias" + place;
  switch (op.kind) {
    case Kind::kInput:
      return a;
    case Kind::kConv:
      return "torch.conv2d(" + a + ", " + weights + ", " + Pair(op.stride) + ", " +
             Pair(op.padding) + ")";
    case Kind::kAffine:
      return a + " * self.weight" + place + " + self.bias" + place;
    case Kind::kScale:
      return a + " * " + Json(op.scale).Write() + " + " + Json(op.shift).Write();
    case Kind::kRelu:
      return "torch.relu(" + a + ")";
    case Kind::kAdd:
      return a + " + " + Value(op.inputs[1]);
    case Kind::kMultiply:
      return a + " * " + Value(op.inputs[1]);
    case Kind::kMeanPool:
      return "torch.avg_pool2d(" + a + ", [2, 2])";
    case Kind::kTwice:
      return "torch.upsample_nearest2d(" + a + ", None, [2.0, 2.0])";
    case Kind::kSigmoid:
      return "torch.sigmoid(" + a + ")";
    case Kind::kTanh:
      return "torch.tanh(" + a + ")";
    case Kind::kSlice:
      return "torch.slice(" + a + ", 1, " + std::to_string(op.begin) + ", " +
             std::to_string(op.end) + ", 1)";
    case Kind::kClamp:
      return "torch.clamp(" + a + ", 0, 1)";
  }
  return a;
}

std::string Source(const Graph& graph, const Contract& contract) {
  const int last = static_cast<int>(graph.ops.size()) - 1;
  std::string source = "def forward(self, " + contract.input + ": Tensor) -> Tensor:\n";
  source += "  " + Value(0) + " = " + contract.input + "\n";
  for (int place = 1; place <= last; ++place) {
    const GraphOp& op = graph.ops[static_cast<size_t>(place)];
    source += "  " + Value(place) + " = " + Expression(op, std::to_string(place)) + "\n";
  }
  return source + "  return " + Value(last) + "\n";
}

void RegisterWeights(const Graph& graph, torch::jit::Module* module) {
  for (size_t place = 0; place < graph.ops.size(); ++place) {
    const GraphOp& op = graph.ops[place];
    if (!op.weight.defined()) continue;
    const bool per_channel = op.kind == Kind::kAffine;
    const auto add = [&](const std::string& name, const torch::Tensor& values) {
      const torch::Tensor shaped = per_channel ? values.view({1, -1, 1, 1}) : values;
      module->register_parameter(name + std::to_string(place),
                                 shaped.to(torch::kCPU).contiguous().clone(), false);
    };
    add("weight", op.weight);
    add("bias", op.bias);
  }
}

}  // namespace

std::string TorchScriptModule(const Graph& graph, const Contract& contract,
                              const std::map<std::string, std::string>& metadata) {
  torch::jit::Module module("MakeoverGenerator");
  RegisterWeights(graph, &module);
  module.define(Source(graph, contract));
  module.eval();
  Json texts{Json::Object()};
  for (const auto& [key, text] : metadata) texts.Set(key, text);
  std::ostringstream archive;
  module.save(archive, {{"makeover.json", texts.Write()}});
  return archive.str();
}

}  // namespace makeover::engine
