// The judges of a dataset, kept in a folder by what they were trained from.
#pragma once

#include <string>

#include "worker/engine/judge_training.h"
#include "worker/mkengine/command.h"

namespace makeover {

// What judges and evaluations need of a dataset, but for its pixels.
struct JudgedDataset {
  engine::Population population;
  engine::Division division;
  std::string digest;  // of the pictures
};

// At most so many faces teach a judge: more cost time and add little.
inline constexpr int64_t kJudgeFacesMax = 20'000;

// The path of the judge, which is trained and put there where it is missing, by one process at a
// time; "" where a signal stopped that. The folder is made.
std::string FindOrTrainJudge(engine::Role role, const JudgedDataset& dataset,
                             const engine::PixelCache& cache, const std::string& folder,
                             const engine::Compute& compute, const Surroundings& around);

// --judge-cache, else makeover/ in the user's folder for caches ($XDG_CACHE_HOME or ~/.cache).
std::string JudgeFolder(const Arguments& arguments);

}  // namespace makeover
