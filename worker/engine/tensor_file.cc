#include "worker/engine/tensor_file.h"

#include <algorithm>
#include <cstring>

#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

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

void WriteTensors(const std::string& path, std::vector<TensorView> scalars,
                  const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  std::vector<TensorView> views = std::move(scalars);
  std::vector<torch::Tensor> held;  // the views point into these
  for (const auto& [name, tensor] : tensors) {
    const torch::Tensor& host = held.emplace_back(tensor.to(torch::kCPU).contiguous());
    const std::string_view bytes(static_cast<const char*>(host.data_ptr()), host.nbytes());
    views.push_back({name, "F32", host.sizes().vec(), bytes});
  }
  WriteSafetensors(path, views, metadata);
}

TensorFile::TensorFile(const std::string& path, Kind kind)
    : path_(path), kind_(std::move(kind)), file_(Safetensors::Read(path)) {
  for (TensorView& view : file_.Tensors()) views_.emplace(view.name, view);
}

void TensorFile::Refuse(const std::string& why) const {
  throw EngineError(ErrorClass::kUser, kind_.code,
                    path_ + " cannot be used as " + kind_.use + ": " + why + ".", kind_.remedy);
}

const std::string& TensorFile::Text(const std::string& key) const {
  const auto found = file_.metadata().find(key);
  if (found == file_.metadata().end()) Refuse("its metadata has no '" + key + "'");
  return found->second;
}

const TensorView& TensorFile::Find(const std::string& name, const std::string& dtype) const {
  const auto found = views_.find(name);
  if (found == views_.end()) Refuse("it has no tensor " + name);
  if (found->second.dtype != dtype)
    Refuse(name + " is of type " + found->second.dtype + ", not " + dtype);
  return found->second;
}

std::string_view TensorFile::Bytes(const std::string& name, const std::string& dtype,
                                   torch::IntArrayRef shape) const {
  const TensorView& view = Find(name, dtype);
  if (torch::IntArrayRef(view.shape) != shape)
    Refuse(name + " has shape " + ShapeText(view.shape) + ", not " + ShapeText(shape));
  return view.bytes;
}

torch::Tensor TensorFile::Floats(const std::string& name) const {
  const TensorView& view = Find(name, "F32");
  torch::Tensor tensor = torch::empty(view.shape, torch::kFloat32);
  std::memcpy(tensor.data_ptr(), view.bytes.data(), view.bytes.size());
  return tensor;
}

void TensorFile::Load(const NamedTensors& tensors) const {
  const torch::NoGradGuard guard;
  for (const auto& [name, tensor] : tensors) {
    (void)Bytes(name, "F32", tensor.sizes());
    torch::Tensor(tensor).copy_(Floats(name));
  }
}

std::string FirstNotFinite(const NamedTensors& tensors) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [](const auto& named) {
    return !torch::isfinite(named.second).all().template item<bool>();
  });
  return found == tensors.end() ? "" : found->first;
}

void TensorFile::LoadFinite(const NamedTensors& tensors) const {
  Load(tensors);
  const std::string damaged = FirstNotFinite(tensors);
  if (!damaged.empty()) Refuse(damaged + " is no number");
}

}  // namespace makeover::engine
