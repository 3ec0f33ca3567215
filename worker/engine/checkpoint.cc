#include "worker/engine/checkpoint.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "worker/engine/error.h"
#include "worker/engine/json.h"
#include "worker/engine/version.h"

namespace makeover::engine {
namespace {

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// REQUIRES: as many bytes as the value has.
template <typename T>
T ValueOf(std::string_view bytes) {
  T value = {};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

constexpr int64_t kIntegerMax = int64_t{1} << 53;

}  // namespace

void WriteCheckpoint(const std::string& path, const NamedTensors& tensors,
                     const CheckpointScalars& scalars, const CheckpointInfo& info) {
  std::vector<TensorView> views;
  for (const auto& [name, value] : scalars.integers)
    views.push_back({name, "I64", {}, BytesOf(value)});
  for (const auto& [name, value] : scalars.numbers)
    views.push_back({name, "F64", {}, BytesOf(value)});
  std::map<std::string, std::string> metadata = {{"recipe", info.config.recipe},
                                                 {"step", std::to_string(info.step)},
                                                 {"config", ConfigToJson(info.config).Write()},
                                                 {"dataset", info.dataset},
                                                 {"makeover_version", kVersion}};
  if (!info.target.empty()) {
    metadata["source"] = info.source;
    metadata["target"] = info.target;
  }
  WriteTensors(path, views, tensors, metadata);
}

CheckpointReader::CheckpointReader(const std::string& path)
    : file_(path, {"bad_checkpoint", "a checkpoint",
                   "Take a .safetensors file that `mkengine train` of this version or an earlier "
                   "one wrote."}) {
  for (const char* key : {"recipe", "dataset"}) (void)file_.Text(key);
  Json config;
  std::string error;
  if (!Json::Parse(file_.Text("config"), &config, &error))
    file_.Refuse("its configuration is no JSON: " + error);
  try {
    info_.config = ConfigFromJson(config);
  } catch (const EngineError& wrong) {
    std::string why = wrong.what();
    if (!why.empty() && why.back() == '.') why.pop_back();
    file_.Refuse("of its configuration: " + why);
  }
  info_.dataset = file_.Text("dataset");
  if (file_.HasText("target")) {
    info_.target = file_.Text("target");
    info_.source = file_.HasText("source") ? file_.Text("source") : "*";
  }
  const std::string& step = file_.Text("step");
  const auto read = std::from_chars(step.data(), step.data() + step.size(), info_.step);
  if (read.ec != std::errc() || read.ptr != step.data() + step.size() || info_.step < 0)
    file_.Refuse("its step is '" + step + "'");
}

int64_t CheckpointReader::Integer(const std::string& name) const {
  const auto value = ValueOf<int64_t>(file_.Bytes(name, "I64", {}));
  if (value < 0 || value > kIntegerMax) file_.Refuse(name + " is " + std::to_string(value));
  return value;
}

double CheckpointReader::Number(const std::string& name) const {
  const double value = Figure(name);
  if (!std::isfinite(value)) file_.Refuse(name + " is no number");
  return value;
}

double CheckpointReader::Figure(const std::string& name) const {
  return ValueOf<double>(file_.Bytes(name, "F64", {}));
}

}  // namespace makeover::engine
