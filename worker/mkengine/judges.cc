#include "worker/mkengine/judges.h"

#include <cstdio>
#include <cstdlib>

#include "worker/engine/file.h"
#include "worker/mkengine/progress.h"

namespace makeover {

std::string FindOrTrainJudge(engine::Role role, const JudgedDataset& dataset,
                             const engine::PixelCache& cache, const std::string& folder,
                             const engine::Compute& compute, const Surroundings& around) {
  engine::MakeFolder(folder);
  const engine::JudgeCourse course =
      engine::CourseOf(role, dataset.population, dataset.division, cache, dataset.digest);
  const std::string path = engine::JudgePath(folder, course.key);
  if (engine::HasJudge(path, course.key)) return path;
  const engine::FileLock lock(path + ".lock", around.stop);  // another process may be training it
  if (!lock.held()) return "";
  if (engine::HasJudge(path, course.key)) return path;
  std::fprintf(stderr, "mkengine: training a judge on %zu faces, once for this dataset\n",
               course.learn.size());
  Progress progress("judge steps", engine::JudgeSteps(course), around);
  const auto report = [&progress](int64_t done) { progress.Report(done); };
  const bool done =
      engine::TrainJudge(course, dataset.population, cache, compute, {report, around.stop}, path);
  return done ? path : "";
}

std::string JudgeFolder(const Arguments& arguments) {
  if (arguments.Has("--judge-cache")) return arguments.Text("--judge-cache");
  if (const char* caches = std::getenv("XDG_CACHE_HOME"); caches != nullptr && *caches != '\0')
    return std::string(caches) + "/makeover";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::string(home) + "/.cache/makeover";
  throw UsageError("There is no folder for caches: give --judge-cache DIR.");
}

}  // namespace makeover
