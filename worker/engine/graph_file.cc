#include "worker/engine/graph_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/engine/error.h"
#include "worker/engine/json.h"
#include "worker/engine/safetensors.h"

namespace makeover::engine {
namespace {

using Kind = GraphOp::Kind;

struct KindTraits {
  Kind kind;
  std::string_view name;
  size_t inputs;
};

constexpr std::array<KindTraits, 13> kKinds = {{{Kind::kInput, "input", 0},
                                                {Kind::kConv, "conv", 1},
                                                {Kind::kAffine, "affine", 1},
                                                {Kind::kScale, "scale", 1},
                                                {Kind::kRelu, "relu", 1},
                                                {Kind::kAdd, "add", 2},
                                                {Kind::kMultiply, "multiply", 2},
                                                {Kind::kMeanPool, "mean_pool", 1},
                                                {Kind::kTwice, "twice", 1},
                                                {Kind::kSigmoid, "sigmoid", 1},
                                                {Kind::kTanh, "tanh", 1},
                                                {Kind::kSlice, "slice", 1},
                                                {Kind::kClamp, "clamp", 1}}};

bool HasWeights(Kind kind) { return kind == Kind::kConv || kind == Kind::kAffine; }

Json ToJson(const GraphOp& op) {
  Json inputs{Json::Array()};
  for (const int input : op.inputs) inputs.Append(input);
  Json json = Json::Object{{"op", OpName(op.kind)}, {"inputs", std::move(inputs)}};
  if (op.kind == Kind::kConv) json.Set("stride", op.stride).Set("padding", op.padding);
  if (op.kind == Kind::kScale) json.Set("scale", op.scale).Set("shift", op.shift);
  if (op.kind == Kind::kSlice) json.Set("begin", op.begin).Set("end", op.end);
  return json;
}

[[noreturn]] void Refuse(const std::string& path, const std::string& why) {
  throw EngineError(ErrorClass::kUser, "bad_graph", path + " holds no generator: " + why + ".",
                    "Take a file that `mkengine export --format safetensors` wrote.");
}

// Reads the parts of one operation; every method refuses what cannot be.
class OpReader {
 public:
  OpReader(const std::string& path, const std::map<std::string, TensorView>& tensors)
      : path_(path), tensors_(tensors) {}

  GraphOp Read(const Json& json, size_t place) const {
    const std::string name = json.Text("op");
    const auto* traits = std::find_if(kKinds.begin(), kKinds.end(),
                                      [&name](const KindTraits& one) { return one.name == name; });
    if (traits == kKinds.end()) Refuse(path_, "there is no operation '" + name + "'");
    if ((traits->kind == Kind::kInput) != (place == 0)) Refuse(path_, "it begins with no input");
    GraphOp op;
    op.kind = traits->kind;
    op.inputs = Inputs(json, place, traits->inputs);
    op.stride = json.Integer("stride", 1);
    op.padding = json.Integer("padding", 0);
    op.scale = json.Number("scale", 1);
    op.shift = json.Number("shift", 0);
    op.begin = json.Integer("begin");
    op.end = json.Integer("end");
    if (HasWeights(op.kind)) {
      op.weight = Tensor(std::to_string(place) + ".weight");
      op.bias = Tensor(std::to_string(place) + ".bias");
    }
    return op;
  }

 private:
  std::vector<int> Inputs(const Json& json, size_t place, size_t count) const {
    const Json* list = json.Find("inputs");
    if (list == nullptr || !list->is_array() || list->AsArray().size() != count)
      Refuse(path_, "operation " + std::to_string(place) + " has the wrong inputs");
    std::vector<int> inputs;
    for (const Json& input : list->AsArray()) {
      if (!input.is_integer() || input.AsInteger() < 0 ||
          input.AsInteger() >= static_cast<int64_t>(place)) {
        Refuse(path_, "operation " + std::to_string(place) + " needs what comes after it");
      }
      inputs.push_back(static_cast<int>(input.AsInteger()));
    }
    return inputs;
  }

  torch::Tensor Tensor(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end() || found->second.dtype != "F32")
      Refuse(path_, "it has no tensor " + name + " of type F32");
    // Through a fresh tensor, since the file's bytes need not be aligned.
    torch::Tensor tensor = torch::empty(found->second.shape, torch::kFloat32);
    std::memcpy(tensor.data_ptr(), found->second.bytes.data(), found->second.bytes.size());
    return tensor;
  }

  const std::string& path_;
  const std::map<std::string, TensorView>& tensors_;
};

TensorView ViewOf(const std::string& name, const torch::Tensor& tensor) {
  return {name,
          "F32",
          tensor.sizes().vec(),
          {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()}};
}

}  // namespace

std::string OpName(GraphOp::Kind kind) {
  const auto* traits = std::find_if(kKinds.begin(), kKinds.end(),
                                    [kind](const KindTraits& one) { return one.kind == kind; });
  return std::string(traits->name);
}

void WriteGraph(const std::string& path, const Graph& graph,
                std::map<std::string, std::string> metadata) {
  std::vector<torch::Tensor> held;  // the views point into these
  std::vector<TensorView> views;
  Json ops{Json::Array()};
  for (size_t place = 0; place < graph.ops.size(); ++place) {
    const GraphOp& op = graph.ops[place];
    ops.Append(ToJson(op));
    if (!HasWeights(op.kind)) continue;
    held.push_back(op.weight.to(torch::kCPU).contiguous());
    views.push_back(ViewOf(std::to_string(place) + ".weight", held.back()));
    held.push_back(op.bias.to(torch::kCPU).contiguous());
    views.push_back(ViewOf(std::to_string(place) + ".bias", held.back()));
  }
  metadata["graph"] = ops.Write();
  WriteSafetensors(path, views, metadata);
}

Graph ReadGraph(const std::string& path) {
  const Safetensors file = Safetensors::Read(path);
  std::map<std::string, TensorView> tensors;
  for (const TensorView& view : file.Tensors()) tensors.emplace(view.name, view);
  const auto text = file.metadata().find("graph");
  if (text == file.metadata().end()) Refuse(path, "its metadata has no 'graph'");
  Json ops;
  std::string error;
  if (!Json::Parse(text->second, &ops, &error)) Refuse(path, "its graph is no JSON: " + error);
  if (!ops.is_array() || ops.AsArray().empty()) Refuse(path, "its graph is no list");
  const OpReader reader(path, tensors);
  Graph graph;
  for (const Json& op : ops.AsArray()) graph.ops.push_back(reader.Read(op, graph.ops.size()));
  return graph;
}

}  // namespace makeover::engine
