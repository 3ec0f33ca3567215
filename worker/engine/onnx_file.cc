#include "worker/engine/onnx_file.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "worker/engine/protobuf_writer.h"
#include "worker/engine/version.h"

namespace makeover::engine {
namespace {

using Kind = GraphOp::Kind;

// Field numbers and values of onnx.proto.
namespace model_proto {
enum { kIrVersion = 1, kProducer = 2, kProducerVersion = 3, kGraph = 7, kOpset = 8, kProps = 14 };
}
namespace opset_proto {
enum { kVersion = 2 };
}
namespace entry_proto {
enum { kKey = 1, kValue = 2 };
}
namespace graph_proto {
enum { kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12 };
}
namespace node_proto {
enum { kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5 };
}
namespace attribute_proto {
enum { kName = 1, kText = 4, kIntegers = 8, kType = 20, kTypeText = 3, kTypeIntegers = 7 };
}
namespace tensor_proto {
enum { kDims = 1, kType = 2, kName = 8, kRawData = 9, kFloat = 1, kInt64 = 7 };
}
namespace value_proto {
enum { kName = 1, kType = 2, kTensorType = 1, kElement = 1, kShape = 2, kDim = 1 };
enum { kDimValue = 1, kDimName = 2 };
}  // namespace value_proto

constexpr int64_t kIrVersion = 7;
constexpr int64_t kOperatorSet = 13;

ProtobufWriter Integers(const std::string& name, const std::vector<int64_t>& values) {
  ProtobufWriter attribute;
  attribute.Bytes(attribute_proto::kName, name)
      .Integer(attribute_proto::kType, attribute_proto::kTypeIntegers);
  for (const int64_t value : values) attribute.Integer(attribute_proto::kIntegers, value);
  return attribute;
}

ProtobufWriter Text(const std::string& name, const std::string& value) {
  ProtobufWriter attribute;
  attribute.Bytes(attribute_proto::kName, name)
      .Integer(attribute_proto::kType, attribute_proto::kTypeText)
      .Bytes(attribute_proto::kText, value);
  return attribute;
}

// One of the model's ends: float32 [N, 3, height, width].
ProtobufWriter End(const std::string& name, const Contract& contract) {
  ProtobufWriter shape;
  shape.Message(value_proto::kDim, ProtobufWriter().Bytes(value_proto::kDimName, "N"));
  for (const int64_t size : {int64_t{3}, contract.height, contract.width}) {
    shape.Message(value_proto::kDim, ProtobufWriter().Integer(value_proto::kDimValue, size));
  }
  ProtobufWriter tensor;
  tensor.Integer(value_proto::kElement, tensor_proto::kFloat).Message(value_proto::kShape, shape);
  ProtobufWriter end;
  end.Bytes(value_proto::kName, name)
      .Message(value_proto::kType, ProtobufWriter().Message(value_proto::kTensorType, tensor));
  return end;
}

// Writes nodes and initialisers in the order of the graph.
class GraphWriter {
 public:
  GraphWriter(const Graph& graph, const Contract& contract) : graph_(graph), contract_(contract) {
    proto_.Bytes(graph_proto::kName, "generator");
    for (place_ = 1; place_ < graph_.ops.size(); ++place_) Write(graph_.ops[place_]);
    proto_.Message(graph_proto::kInput, End(contract_.input, contract_));
    proto_.Message(graph_proto::kOutput, End(contract_.output, contract_));
  }

  const ProtobufWriter& proto() const { return proto_; }

 private:
  using Names = std::vector<std::string>;
  using Attributes = std::vector<ProtobufWriter>;

  std::string NameOf(size_t place) const {
    if (place == 0) return contract_.input;
    return place + 1 == graph_.ops.size() ? contract_.output : "value" + std::to_string(place);
  }
  std::string Own(const std::string& part) const { return std::to_string(place_) + "." + part; }

  void Write(const GraphOp& op) {
    Names in;
    for (const int input : op.inputs) in.push_back(NameOf(static_cast<size_t>(input)));
    const std::string out = NameOf(place_);
    switch (op.kind) {
      case Kind::kInput:
        return;
      case Kind::kConv:
        return WriteConv(op, in[0], out);
      case Kind::kAffine:
        return MultiplyAdd(in[0], PerChannel("weight", op.weight), PerChannel("bias", op.bias),
                           out);
      case Kind::kScale:
        return MultiplyAdd(in[0], Number("scale", op.scale), Number("shift", op.shift), out);
      case Kind::kRelu:
        return Node("Relu", in, out);
      case Kind::kAdd:
        return Node("Add", in, out);
      case Kind::kMultiply:
        return Node("Mul", in, out);
      case Kind::kMeanPool:
        return Node("AveragePool", in, out,
                    {Integers("kernel_shape", {2, 2}), Integers("strides", {2, 2})});
      case Kind::kTwice:
        return WriteTwice(in[0], out);
      case Kind::kSigmoid:
        return Node("Sigmoid", in, out);
      case Kind::kTanh:
        return Node("Tanh", in, out);
      case Kind::kSlice:
        return Node(
            "Slice",
            {in[0], Whole("begin", op.begin), Whole("end", op.end), Whole("axis", /*channels*/ 1)},
            out);
      case Kind::kClamp:
        return Node("Clip", {in[0], Number("min", 0), Number("max", 1)}, out);
    }
  }

  void WriteConv(const GraphOp& op, const std::string& in, const std::string& out) {
    const int64_t pad = op.padding;
    Node("Conv", {in, Tensor("weight", op.weight), Tensor("bias", op.bias)}, out,
         {Integers("kernel_shape", {op.weight.size(2), op.weight.size(3)}),
          Integers("strides", {op.stride, op.stride}), Integers("pads", {pad, pad, pad, pad})});
  }

  void MultiplyAdd(const std::string& in, const std::string& factor, const std::string& summand,
                   const std::string& out) {
    const std::string product = Own("product");
    Node("Mul", {in, factor}, product);
    Node("Add", {product, summand}, out);
  }

  void WriteTwice(const std::string& in, const std::string& out) {
    const std::string scales = Tensor("scales", torch::tensor({1.F, 1.F, 2.F, 2.F}));
    Node("Resize", {in, /*region of interest*/ "", scales}, out,
         {Text("mode", "nearest"), Text("coordinate_transformation_mode", "asymmetric"),
          Text("nearest_mode", "floor")});
  }

  void Node(const std::string& type, const Names& inputs, const std::string& output,
            const Attributes& attributes = {}) {
    ProtobufWriter node;
    for (const std::string& input : inputs) node.Bytes(node_proto::kInput, input);
    node.Bytes(node_proto::kOutput, output)
        .Bytes(node_proto::kName, Own(type))
        .Bytes(node_proto::kOpType, type);
    for (const ProtobufWriter& attribute : attributes)
      node.Message(node_proto::kAttribute, attribute);
    proto_.Message(graph_proto::kNode, node);
  }

  // Each adds an initialiser and returns its name.
  std::string Number(const std::string& part, double value) {
    return Tensor(part, torch::tensor(static_cast<float>(value)));
  }
  std::string Whole(const std::string& part, int64_t value) {
    return Tensor(part, torch::tensor({value}, torch::kInt64));
  }
  std::string PerChannel(const std::string& part, const torch::Tensor& values) {
    return Tensor(part, values.view({-1, 1, 1}));
  }
  std::string Tensor(const std::string& part, const torch::Tensor& values) {
    const torch::Tensor host = values.to(torch::kCPU).contiguous();
    const bool whole = host.scalar_type() == torch::kInt64;
    ProtobufWriter tensor;
    for (const int64_t size : host.sizes()) tensor.Integer(tensor_proto::kDims, size);
    tensor.Integer(tensor_proto::kType, whole ? tensor_proto::kInt64 : tensor_proto::kFloat)
        .Bytes(tensor_proto::kName, Own(part))
        .Bytes(tensor_proto::kRawData, {static_cast<const char*>(host.data_ptr()), host.nbytes()});
    proto_.Message(graph_proto::kInitializer, tensor);
    return Own(part);
  }

  const Graph& graph_;
  const Contract& contract_;
  size_t place_ = 0;
  ProtobufWriter proto_;
};

}  // namespace

std::string OnnxModel(const Graph& graph, const Contract& contract,
                      const std::map<std::string, std::string>& metadata) {
  ProtobufWriter model;
  model.Integer(model_proto::kIrVersion, kIrVersion)
      .Bytes(model_proto::kProducer, "makeover")
      .Bytes(model_proto::kProducerVersion, kVersion)
      .Message(model_proto::kGraph, GraphWriter(graph, contract).proto())
      .Message(model_proto::kOpset, ProtobufWriter().Integer(opset_proto::kVersion, kOperatorSet));
  for (const auto& [key, value] : metadata) {
    model.Message(model_proto::kProps,
                  ProtobufWriter().Bytes(entry_proto::kKey, key).Bytes(entry_proto::kValue, value));
  }
  return model.bytes();
}

}  // namespace makeover::engine
