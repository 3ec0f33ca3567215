#include "worker/engine/checkpoint.h"

#include <charconv>
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

TensorView ViewOf(const std::string& name, const torch::Tensor& tensor) {
  const std::string_view bytes(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  return {name, "F32", tensor.sizes().vec(), bytes};
}

std::string ShapeText(torch::IntArrayRef shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() == 1 ? "" : ", ") + std::to_string(size);
  return text + "]";
}

}  // namespace

NamedTensors TensorsOf(const std::string& prefix, const torch::nn::Module& module) {
  NamedTensors named;
  for (const auto& item : module.named_parameters())
    named.emplace_back(prefix + "." + item.key(), item.value().detach());
  for (const auto& item : module.named_buffers())
    named.emplace_back(prefix + "." + item.key(), item.value());
  return named;
}

void WriteCheckpoint(const std::string& path, const NamedTensors& tensors,
                     const CheckpointScalars& scalars, const CheckpointInfo& info) {
  std::vector<torch::Tensor> held;  // the views point into these
  std::vector<TensorView> views;
  for (const auto& [name, value] : scalars.integers)
    views.push_back({name, "I64", {}, BytesOf(value)});
  for (const auto& [name, value] : scalars.numbers)
    views.push_back({name, "F64", {}, BytesOf(value)});
  for (const auto& [name, tensor] : tensors) {
    held.push_back(tensor.to(torch::kCPU).contiguous());
    views.push_back(ViewOf(name, held.back()));
  }
  std::map<std::string, std::string> metadata = {{"recipe", info.config.recipe},
                                                 {"step", std::to_string(info.step)},
                                                 {"config", ConfigToJson(info.config).Write()},
                                                 {"dataset", info.dataset},
                                                 {"makeover_version", kVersion}};
  if (!info.target.empty()) {
    metadata["source"] = info.source;
    metadata["target"] = info.target;
  }
  WriteSafetensors(path, views, metadata);
}

CheckpointReader::CheckpointReader(const std::string& path)
    : path_(path), file_(Safetensors::Read(path)) {
  for (TensorView& view : file_.Tensors()) tensors_.emplace(view.name, view);
  const auto& metadata = file_.metadata();
  for (const char* key : {"recipe", "step", "config", "dataset"}) {
    if (metadata.count(key) == 0) Refuse("its metadata has no '" + std::string(key) + "'");
  }
  Json config;
  std::string error;
  if (!Json::Parse(metadata.at("config"), &config, &error))
    Refuse("its configuration is no JSON: " + error);
  info_.config = ConfigFromJson(config);
  info_.dataset = metadata.at("dataset");
  if (metadata.count("target") > 0) {
    info_.target = metadata.at("target");
    info_.source = metadata.count("source") > 0 ? metadata.at("source") : "*";
  }
  const std::string& step = metadata.at("step");
  if (std::from_chars(step.data(), step.data() + step.size(), info_.step).ec != std::errc()) {
    Refuse("its step is '" + step + "'");
  }
}

void CheckpointReader::Refuse(const std::string& why) const {
  throw EngineError(ErrorClass::kUser, "bad_checkpoint",
                    path_ + " cannot be used as a checkpoint: " + why + ".",
                    "Take a .safetensors file that `mkengine train` wrote.");
}

const TensorView& CheckpointReader::Find(const std::string& name, const std::string& dtype,
                                         torch::IntArrayRef shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) Refuse("it has no tensor " + name);
  if (found->second.dtype != dtype)
    Refuse(name + " is of type " + found->second.dtype + ", not " + dtype);
  if (torch::IntArrayRef(found->second.shape) != shape) {
    Refuse(name + " has shape " + ShapeText(found->second.shape) + ", not " + ShapeText(shape));
  }
  return found->second;
}

void CheckpointReader::Load(const NamedTensors& tensors) const {
  const torch::NoGradGuard guard;
  for (const auto& [name, tensor] : tensors) {
    const TensorView& view = Find(name, "F32", tensor.sizes());
    // Through a fresh tensor, since the file's bytes need not be aligned.
    const torch::Tensor host = torch::empty(tensor.sizes(), torch::kFloat32);
    std::memcpy(host.data_ptr(), view.bytes.data(), view.bytes.size());
    torch::Tensor(tensor).copy_(host);
  }
}

int64_t CheckpointReader::Integer(const std::string& name) const {
  int64_t value = 0;
  std::memcpy(&value, Find(name, "I64", {}).bytes.data(), sizeof value);
  return value;
}

double CheckpointReader::Number(const std::string& name) const {
  double value = 0;
  std::memcpy(&value, Find(name, "F64", {}).bytes.data(), sizeof value);
  return value;
}

}  // namespace makeover::engine
