#include "worker/engine/judge.h"

#include <algorithm>
#include <cstring>

#include "worker/engine/batch.h"
#include "worker/engine/judge_file.h"
#include "worker/engine/networks.h"

namespace makeover::engine {
namespace {

constexpr size_t kBatch = 64;

void AppendTo(std::vector<float>* list, const torch::Tensor& values) {
  const torch::Tensor host = values.to(torch::kCPU).contiguous();
  const float* begin = host.data_ptr<float>();
  list->insert(list->end(), begin, begin + host.numel());
}

uint64_t BitsOf(const float* margins, size_t attributes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < attributes; ++i) bits |= uint64_t{margins[i] > 0} << i;
  return bits;
}

}  // namespace

struct Judge::Network {
  Network(const std::string& path, const JudgeInfo& info, const Compute& compute)
      : device(TorchDevice(compute)), judge(static_cast<int64_t>(info.attributes.size())) {
    ReadJudge(path, &judge);
    judge.network->to(device);
    judge.network->eval();
  }

  torch::Tensor Batch(const std::vector<const uint8_t*>& faces, size_t begin, size_t end,
                      PixelShape shape) const {
    const auto bytes = static_cast<size_t>(shape.bytes());
    std::vector<uint8_t> pixels((end - begin) * bytes);
    for (size_t i = begin; i < end; ++i)
      std::memcpy(pixels.data() + (i - begin) * bytes, faces[i], bytes);
    return MakeBatch(pixels.data(), std::vector<uint8_t>(end - begin, 0), shape, device);
  }

  torch::Device device;
  TrainedJudge judge;
};

Judge::Judge(const std::string& path, const Compute& compute)
    : info_(ReadJudgeInfo(path)), network_(std::make_unique<Network>(path, info_, compute)) {}

Judge::~Judge() = default;

Verdicts Judge::Look(const std::vector<const uint8_t*>& faces) const {
  const torch::NoGradGuard guard;
  Verdicts verdicts;
  TrainedJudge& judge = network_->judge;
  for (size_t begin = 0; begin < faces.size(); begin += kBatch) {
    const size_t end = std::min(faces.size(), begin + kBatch);
    const torch::Tensor batch = network_->Batch(faces, begin, end, info_.shape);
    const JudgeOutput plain = judge.network(batch);
    const JudgeOutput mirrored = judge.network(batch.flip({3}));
    AppendTo(&verdicts.margins,
             (plain.logits + mirrored.logits).to(torch::kCPU) / 2 - judge.threshold);
    AppendTo(&verdicts.features,
             ((plain.features + mirrored.features).to(torch::kCPU) / 2 - judge.feature_mean) /
                 judge.feature_deviation);
    const torch::Tensor place = plain.embeddings + mirrored.embeddings;
    AppendTo(&verdicts.embeddings, place / (place.norm(2, 1, true) + 1e-6));
  }
  const size_t attributes = info_.attributes.size();
  for (size_t i = 0; i < faces.size(); ++i)
    verdicts.bits.push_back(BitsOf(verdicts.margins.data() + i * attributes, attributes));
  return verdicts;
}

}  // namespace makeover::engine
