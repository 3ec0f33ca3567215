// How a judge comes to be. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "worker/engine/compute.h"
#include "worker/engine/judge.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/population.h"

namespace makeover::engine {

// What a judge learns from. Its key names all of this, and the version of the training.
struct JudgeCourse {
  std::vector<int64_t> learn;  // rows whose attributes and people it learns
  // Rows that it has not learned from: a threshold is where as many of these count as having the
  // attribute as have it, so that rare attributes are told as often as they are there.
  std::vector<int64_t> calibrate;
  uint64_t seed = 1;
  std::string key;
};

// The two judges of a dataset learn from disjoint people: A may guide a training, and choose among
// its checkpoints; B alone gives the figures.
enum class Role { kGuide, kScore };

// `dataset`: a digest of the pictures. Rows that the cache lacks are left out.
JudgeCourse CourseOf(Role role, const Population& population, const Division& division,
                     const PixelCache& cache, const std::string& dataset);

struct JudgeSurroundings {
  std::function<void(int64_t steps)> progress;  // done so far
  std::function<bool()> stop;
};

// How many steps its training takes.
int64_t JudgeSteps(const JudgeCourse& course);

// Trains a judge as judge_learner.h says, and writes its file. One to three minutes for 2,000 faces
// on two cores. Returns false, and leaves no file, where it was stopped. Throws
// EngineError of class USER where there are too few faces or no attributes.
bool TrainJudge(const JudgeCourse& course, const Population& population, const PixelCache& cache,
                const Compute& compute, const JudgeSurroundings& around, const std::string& path);

// The file of a judge in a folder of judges.
std::string JudgePath(const std::string& folder, const std::string& key);

// Whether the file is there, is a judge of this version and has this key.
bool HasJudge(const std::string& path, const std::string& key);

}  // namespace makeover::engine
