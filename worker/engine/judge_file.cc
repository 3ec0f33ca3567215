#include "worker/engine/judge_file.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>

#include "worker/engine/checkpoint.h"
#include "worker/engine/error.h"
#include "worker/engine/safetensors.h"

namespace makeover::engine {
namespace {

[[noreturn]] void Refuse(const std::string& path, const std::string& why) {
  throw EngineError(ErrorClass::kUser, "bad_judge",
                    path + " cannot be used as a judge: " + why + ".",
                    "Leave --judge out, or remove the file: another judge is then trained.");
}

NamedTensors TensorsOf(const TrainedJudge& judge) {
  NamedTensors named = TensorsOf("judge", *judge.network);
  named.emplace_back("threshold", judge.threshold);
  named.emplace_back("feature_mean", judge.feature_mean);
  named.emplace_back("feature_deviation", judge.feature_deviation);
  return named;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

JudgeInfo InfoOf(const std::string& path, const std::map<std::string, std::string>& metadata) {
  const auto get = [&](const char* key) {
    const auto found = metadata.find(key);
    if (found == metadata.end()) Refuse(path, "its metadata has no '" + std::string(key) + "'");
    return found->second;
  };
  if (get("judge") != kJudgeVersion) Refuse(path, "it is of version " + get("judge"));
  JudgeInfo info;
  info.key = get("key");
  std::istringstream names(get("attributes"));
  for (std::string name; names >> name;) info.attributes.push_back(name);
  info.shape = {std::strtoll(get("height").c_str(), nullptr, 10),
                std::strtoll(get("width").c_str(), nullptr, 10)};
  info.knows_people = get("knows_people") == "1";
  constexpr size_t kAttributesMax = 64;
  if (info.attributes.size() > kAttributesMax || info.shape.height < 1 || info.shape.width < 1) {
    Refuse(path, "its metadata is damaged");
  }
  return info;
}

}  // namespace

TrainedJudge::TrainedJudge(int64_t attributes)
    : network(attributes),
      threshold(torch::zeros({attributes})),
      feature_mean(torch::zeros({kJudgeFeatures})),
      feature_deviation(torch::ones({kJudgeFeatures})) {}

void WriteJudge(const std::string& path, const TrainedJudge& judge, const JudgeInfo& info) {
  std::vector<torch::Tensor> held;  // the views point into these
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : TensorsOf(judge)) {
    held.push_back(tensor.to(torch::kCPU).contiguous());
    const std::string_view bytes(static_cast<const char*>(held.back().data_ptr()),
                                 held.back().nbytes());
    views.push_back({name, "F32", held.back().sizes().vec(), bytes});
  }
  WriteSafetensors(path, views,
                   {{"judge", kJudgeVersion},
                    {"key", info.key},
                    {"attributes", Joined(info.attributes)},
                    {"height", std::to_string(info.shape.height)},
                    {"width", std::to_string(info.shape.width)},
                    {"knows_people", info.knows_people ? "1" : "0"}});
}

JudgeInfo ReadJudgeInfo(const std::string& path) {
  return InfoOf(path, Safetensors::Read(path).metadata());
}

void ReadJudge(const std::string& path, TrainedJudge* judge) {
  const torch::NoGradGuard guard;
  const Safetensors file = Safetensors::Read(path);
  std::map<std::string, TensorView> views;
  for (TensorView& view : file.Tensors()) views.emplace(view.name, view);
  for (const auto& [name, tensor] : TensorsOf(*judge)) {
    const auto found = views.find(name);
    if (found == views.end() || found->second.dtype != "F32" ||
        torch::IntArrayRef(found->second.shape) != tensor.sizes()) {
      Refuse(path, "it has no tensor " + name + " of the right shape");
    }
    // Through a fresh tensor, since the file's bytes need not be aligned.
    const torch::Tensor host = torch::empty(tensor.sizes(), torch::kFloat32);
    std::memcpy(host.data_ptr(), found->second.bytes.data(), found->second.bytes.size());
    torch::Tensor(tensor).copy_(host);
  }
}

}  // namespace makeover::engine
