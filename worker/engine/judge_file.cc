#include "worker/engine/judge_file.h"

#include <cstdlib>
#include <sstream>

#include "worker/engine/tensor_file.h"

namespace makeover::engine {
namespace {

TensorFile Open(const std::string& path) {
  return {path,
          {"bad_judge", "a judge",
           "Leave --judge out, or remove the file: another judge is then trained."}};
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

JudgeInfo InfoOf(const TensorFile& file) {
  if (file.Text("judge") != kJudgeVersion) file.Refuse("it is of version " + file.Text("judge"));
  JudgeInfo info;
  info.key = file.Text("key");
  std::istringstream names(file.Text("attributes"));
  for (std::string name; names >> name;) info.attributes.push_back(name);
  info.shape = {std::strtoll(file.Text("height").c_str(), nullptr, 10),
                std::strtoll(file.Text("width").c_str(), nullptr, 10)};
  info.knows_people = file.Text("knows_people") == "1";
  constexpr size_t kAttributesMax = 64;
  if (info.attributes.size() > kAttributesMax || info.shape.height < 1 || info.shape.width < 1)
    file.Refuse("its metadata is damaged");
  return info;
}

}  // namespace

TrainedJudge::TrainedJudge(int64_t attributes)
    : network(attributes),
      threshold(torch::zeros({attributes})),
      feature_mean(torch::zeros({kJudgeFeatures})),
      feature_deviation(torch::ones({kJudgeFeatures})) {}

void WriteJudge(const std::string& path, const TrainedJudge& judge, const JudgeInfo& info) {
  WriteTensors(path, {}, TensorsOf(judge),
               {{"judge", kJudgeVersion},
                {"key", info.key},
                {"attributes", Joined(info.attributes)},
                {"height", std::to_string(info.shape.height)},
                {"width", std::to_string(info.shape.width)},
                {"knows_people", info.knows_people ? "1" : "0"}});
}

JudgeInfo ReadJudgeInfo(const std::string& path) { return InfoOf(Open(path)); }

void ReadJudge(const std::string& path, TrainedJudge* judge) {
  Open(path).LoadFinite(TensorsOf(*judge));
}

}  // namespace makeover::engine
