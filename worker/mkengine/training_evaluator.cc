#include "worker/mkengine/training_evaluator.h"

#include <memory>
#include <string>
#include <utility>

#include "worker/mkengine/face_options.h"
#include "worker/mkengine/ready_dataset.h"

namespace makeover {
namespace {

// What outlives the making: the training calls back into it.
struct Guide {
  Guide(ReadyDataset ready_dataset, const std::string& judge_path, const engine::Aim& its_aim,
        engine::EvaluationFaces its_faces, const engine::Compute& compute)
      : ready(std::move(ready_dataset)),
        cache(ready.pixels),
        judge(judge_path, compute),
        aim(its_aim),
        faces(std::move(its_faces)) {}

  ReadyDataset ready;
  engine::PixelCache cache;
  engine::Judge judge;
  engine::Aim aim;
  engine::EvaluationFaces faces;
};

void Shorten(std::vector<int64_t>* rows) {
  if (rows->size() > static_cast<size_t>(kGuideFacesMax))
    rows->resize(static_cast<size_t>(kGuideFacesMax));
}

TrainingEvaluator EvaluatorOf(std::shared_ptr<const Guide> guide, std::function<bool()> stop) {
  return [guide = std::move(guide), stop = std::move(stop)](
             const engine::FaceFunction& convert) -> std::optional<engine::Figures> {
    engine::Evaluation evaluation;
    const bool done =
        engine::Evaluate(guide->judge, guide->cache, guide->ready.dataset.population, guide->aim,
                         guide->faces, convert, {[](int64_t) {}, stop}, &evaluation);
    return done ? std::optional<engine::Figures>(evaluation.after) : std::nullopt;
  };
}

bool Evaluates(const engine::Config& config) {
  return config.evaluate_steps > 0 || config.evaluate_seconds > 0;
}

constexpr char kCommand[] = "train --evaluate-every";

}  // namespace

void RequireEvaluable(const Arguments& arguments, const engine::TrainingRun& run) {
  if (!Evaluates(run.config)) return;
  RequireDataset(arguments, kCommand);
  if (run.filters.target.empty()) {
    throw UsageError("--evaluate-every with --pixels needs --source E and --target E beside it.");
  }
  (void)JudgeFolder(arguments);
}

std::optional<TrainingEvaluator> MakeTrainingEvaluator(const Arguments& arguments,
                                                       const engine::TrainingRun& run,
                                                       const Surroundings& around) {
  if (!Evaluates(run.config)) return TrainingEvaluator();
  RequireEvaluable(arguments, run);
  std::optional<ReadyDataset> ready =
      MakeReady(arguments, kCommand, FaceWindowOf(Arguments(), run.config), around);
  if (!ready.has_value()) return std::nullopt;
  const std::vector<std::string>& attributes = ready->dataset.population.attributes;
  const Sides sides = SidesOf({run.filters.source, run.filters.target}, false, attributes);
  engine::EvaluationFaces faces = FacesOf(sides, ready->dataset);
  const engine::PixelCache cache(ready->pixels);
  engine::RequireSources(faces, cache);
  Shorten(&faces.sources);
  Shorten(&faces.targets);
  faces.all.clear();
  const std::string judge = FindOrTrainJudge(engine::Role::kGuide, ready->dataset, cache,
                                             JudgeFolder(arguments), run.compute, around);
  if (judge.empty()) return std::nullopt;
  const engine::Aim aim = AimOf(sides, attributes);
  return EvaluatorOf(
      std::make_shared<const Guide>(*std::move(ready), judge, aim, std::move(faces), run.compute),
      around.stop);
}

}  // namespace makeover
