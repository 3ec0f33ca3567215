// A judge: a network of this project's own that reads attributes off faces and measures how alike
// two faces are. It is trained once per dataset, see judge_training.h. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine/compute.h"
#include "worker/engine/pixel_cache.h"

namespace makeover::engine {

inline constexpr int64_t kJudgeFeatures = 128;
inline constexpr int64_t kJudgeEmbedding = 64;

// What a judge says of N faces, each list face by face.
struct Verdicts {
  // N x attributes: log-odds against the attribute's threshold; above 0: the face has it.
  std::vector<float> margins;
  // N x kJudgeFeatures: each of mean 0 and deviation 1 over the faces that set the thresholds.
  std::vector<float> features;
  // N x kJudgeEmbedding, of length 1: faces of one person lie near each other.
  std::vector<float> embeddings;
  std::vector<uint64_t> bits;  // N: bit i is set where margin i is above 0
};

// What a judge's file says of it.
struct JudgeInfo {
  std::string key;  // all that it was trained from; equal keys mean equal judges
  std::vector<std::string> attributes;
  PixelShape shape;
  bool knows_people = false;  // embeddings were trained on identities
};

// Not thread-safe.
class Judge {
 public:
  // Throws EngineError of class USER where the file is no judge of this version. The network always
  // computes in float32 (see Precision).
  Judge(const std::string& path, const Compute& compute);
  ~Judge();
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  const JudgeInfo& info() const { return info_; }

  // Faces of info().shape.bytes() bytes each (height x width x RGB). The mean of what the network
  // says of the face and of its mirror image.
  Verdicts Look(const std::vector<const uint8_t*>& faces) const;

 private:
  struct Network;
  JudgeInfo info_;
  std::unique_ptr<Network> network_;
};

}  // namespace makeover::engine
