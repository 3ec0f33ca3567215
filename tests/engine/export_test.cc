// A generator written for other programs and read again.
#include <gtest/gtest.h>
#include <torch/script.h>
#include <torch/torch.h>

#include <memory>
#include <sstream>
#include <string>

#include "tests/engine/scratch.h"
#include "worker/engine/config.h"
#include "worker/engine/error.h"
#include "worker/engine/graph.h"
#include "worker/engine/graph_file.h"
#include "worker/engine/networks.h"
#include "worker/engine/safetensors.h"
#include "worker/engine/torchscript_file.h"

namespace makeover::engine {
namespace {

// A generator whose weights and statistics are far from their first values.
Graph GraphOf(const std::string& recipe) {
  torch::manual_seed(1);
  const torch::NoGradGuard guard;
  const std::shared_ptr<Generator> generator =
      MakeGenerator(RecipeDefaults(recipe), NetworkOptions());
  for (torch::Tensor& values : generator->parameters())
    values.add_(0.03 * torch::randn_like(values));
  for (auto& values : generator->named_buffers()) {
    if (values.key() != "chroma_blur") values.value().copy_(torch::rand_like(values.value()) + 0.5);
  }
  generator->eval();
  return generator->Describe();
}

torch::Tensor Pictures(int64_t count) {
  torch::manual_seed(2);
  return torch::rand({count, 3, 100, 80});
}

// Every kind of operation at once.
Graph OneOfEach() {
  using Kind = GraphOp::Kind;
  torch::manual_seed(3);
  GraphBuilder builder;
  int at = builder.Scale(builder.input(), 2, -1);
  at = builder.Conv(at, torch::randn({4, 3, 4, 4}), torch::randn({4}), 2, 1);
  at = builder.Affine(at, torch::rand({4}) + 0.5, torch::randn({4}));
  const int relu = builder.Unary(Kind::kRelu, at);
  at = builder.Unary(Kind::kTwice, builder.Unary(Kind::kMeanPool, relu));
  at = builder.Binary(Kind::kAdd, at, relu);
  const int mask = builder.Unary(Kind::kSigmoid, builder.Slice(at, 0, 1));
  const int change = builder.Unary(Kind::kTanh, builder.Slice(at, 1, 4));
  at = builder.Unary(Kind::kTwice, builder.Binary(Kind::kMultiply, change, mask));
  builder.Unary(Kind::kClamp, builder.Binary(Kind::kAdd, at, builder.input()));
  return builder.Build();
}

double Distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

torch::Tensor RunTorchScript(const Graph& graph, const torch::Tensor& pictures) {
  Contract contract;
  contract.height = 100;
  contract.width = 80;
  std::istringstream archive(TorchScriptModule(graph, contract, {{"step", "5"}}));
  torch::jit::ExtraFilesMap extra = {{"makeover.json", ""}};
  torch::jit::Module module = torch::jit::load(archive, torch::kCPU, extra);
  EXPECT_EQ(extra["makeover.json"], R"({"step":"5"})");
  return module.forward({pictures}).toTensor();
}

class ExportTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ExportTest, ComesBackFromItsFileWithTheSameBits) {
  const Scratch scratch;
  const Graph graph = GraphOf(GetParam());
  WriteGraph(scratch / "g.safetensors", graph, {{"step", "5"}});
  const torch::Tensor pictures = Pictures(2);
  const torch::Tensor expected = RunGraph(graph, pictures);
  EXPECT_TRUE(torch::equal(RunGraph(ReadGraph(scratch / "g.safetensors"), pictures), expected));
  EXPECT_GT(Distance(expected, pictures), 0.01) << "it does something";
  EXPECT_EQ(Safetensors::Read(scratch / "g.safetensors").metadata().at("step"), "5");
}

TEST_P(ExportTest, TorchScriptComputesTheSame) {
  const Graph graph = GraphOf(GetParam());
  for (const int64_t count : {1, 3}) {
    const torch::Tensor pictures = Pictures(count);
    const torch::Tensor expected = RunGraph(graph, pictures);
    EXPECT_LT(Distance(RunTorchScript(graph, pictures), expected), 1e-5);
    EXPECT_LT(Distance(RunTorchScript(FoldNormalisation(graph), pictures), expected), 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Recipes, ExportTest, ::testing::Values("classic", "makeover"));

TEST(GraphFileTest, EveryOperationIsWritten) {
  const Scratch scratch;
  const Graph graph = OneOfEach();
  const torch::Tensor pictures = Pictures(2);
  const torch::Tensor expected = RunGraph(graph, pictures);
  ASSERT_EQ(expected.sizes(), pictures.sizes());
  WriteGraph(scratch / "g", graph, {});
  EXPECT_TRUE(torch::equal(RunGraph(ReadGraph(scratch / "g"), pictures), expected));
  EXPECT_LT(Distance(RunTorchScript(graph, pictures), expected), 1e-5);
}

// The reason for which a file with this graph and one pair of weights is refused.
std::string Reason(const std::string& graph) {
  const Scratch scratch;
  const std::string weight(16, '\0');
  WriteSafetensors(scratch / "g",
                   {{"1.weight", "F32", {4, 1, 1, 1}, weight}, {"1.bias", "F32", {4}, weight}},
                   {{"graph", graph}});
  try {
    ReadGraph(scratch / "g");
    return "";
  } catch (const EngineError& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kUser);
    return error.what();
  }
}

TEST(GraphFileTest, GraphsThatCannotBeAreRefused) {
  const std::string input = R"({"op":"input","inputs":[]})";
  EXPECT_EQ(Reason("[" + input + R"(,{"op":"conv","inputs":[0]}])"), "");
  EXPECT_NE(Reason("[" + input + R"(,{"op":"conv","inputs":[1]}])").find("after it"),
            std::string::npos);
  EXPECT_NE(Reason("[" + input + R"(,{"op":"conv","inputs":[-1]}])").find("after it"),
            std::string::npos);
  EXPECT_NE(Reason("[" + input + R"(,{"op":"add","inputs":[0]}])").find("wrong inputs"),
            std::string::npos);
  EXPECT_NE(Reason("[" + input + R"(,{"op":"fly","inputs":[0]}])").find("'fly'"),
            std::string::npos);
  EXPECT_NE(Reason("[" + input + "," + input + "]").find("input"), std::string::npos);
  EXPECT_NE(Reason(R"([{"op":"relu","inputs":[0]}])").find("input"), std::string::npos);
  EXPECT_NE(Reason("[" + input + R"(,{"op":"relu","inputs":[0]},{"op":"affine","inputs":[0]}])")
                .find("2.weight"),
            std::string::npos);
  EXPECT_NE(Reason("[]").find("no list"), std::string::npos);
  EXPECT_NE(Reason("{").find("JSON"), std::string::npos);
}

}  // namespace
}  // namespace makeover::engine
