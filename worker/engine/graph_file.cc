#include "worker/engine/graph_file.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/engine/json.h"
#include "worker/engine/tensor_file.h"

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

// Reads the parts of one operation; every method refuses what cannot be.
class OpReader {
 public:
  explicit OpReader(const TensorFile& file) : file_(file) {}

  GraphOp Read(const Json& json, size_t place) const {
    const std::string name = json.Text("op");
    const auto* traits = std::find_if(kKinds.begin(), kKinds.end(),
                                      [&name](const KindTraits& one) { return one.name == name; });
    if (traits == kKinds.end()) file_.Refuse("there is no operation '" + name + "'");
    if ((traits->kind == Kind::kInput) != (place == 0)) file_.Refuse("it begins with no input");
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
      op.weight = file_.Floats(std::to_string(place) + ".weight");
      op.bias = file_.Floats(std::to_string(place) + ".bias");
    }
    return op;
  }

 private:
  std::vector<int> Inputs(const Json& json, size_t place, size_t count) const {
    const Json* list = json.Find("inputs");
    if (list == nullptr || !list->is_array() || list->AsArray().size() != count)
      file_.Refuse("operation " + std::to_string(place) + " has the wrong inputs");
    std::vector<int> inputs;
    for (const Json& input : list->AsArray()) {
      if (!input.is_integer() || input.AsInteger() < 0 ||
          input.AsInteger() >= static_cast<int64_t>(place)) {
        file_.Refuse("operation " + std::to_string(place) + " needs what comes after it");
      }
      inputs.push_back(static_cast<int>(input.AsInteger()));
    }
    return inputs;
  }

  const TensorFile& file_;
};

}  // namespace

std::string OpName(GraphOp::Kind kind) {
  const auto* traits = std::find_if(kKinds.begin(), kKinds.end(),
                                    [kind](const KindTraits& one) { return one.kind == kind; });
  return std::string(traits->name);
}

void WriteGraph(const std::string& path, const Graph& graph,
                std::map<std::string, std::string> metadata) {
  NamedTensors tensors;
  Json ops{Json::Array()};
  for (size_t place = 0; place < graph.ops.size(); ++place) {
    const GraphOp& op = graph.ops[place];
    ops.Append(ToJson(op));
    if (!HasWeights(op.kind)) continue;
    tensors.emplace_back(std::to_string(place) + ".weight", op.weight);
    tensors.emplace_back(std::to_string(place) + ".bias", op.bias);
  }
  metadata["graph"] = ops.Write();
  WriteTensors(path, {}, tensors, metadata);
}

Graph ReadGraph(const std::string& path) {
  const TensorFile file(path, {"bad_graph", "a generator",
                               "Take a file that `mkengine export --format safetensors` wrote."});
  Json ops;
  std::string error;
  if (!Json::Parse(file.Text("graph"), &ops, &error)) file.Refuse("its graph is no JSON: " + error);
  if (!ops.is_array() || ops.AsArray().empty()) file.Refuse("its graph is no list");
  const OpReader reader(file);
  Graph graph;
  for (const Json& op : ops.AsArray()) graph.ops.push_back(reader.Read(op, graph.ops.size()));
  return graph;
}

}  // namespace makeover::engine
