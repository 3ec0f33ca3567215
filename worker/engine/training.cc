#include "worker/engine/training.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "worker/engine/batch.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/error.h"
#include "worker/engine/file.h"
#include "worker/engine/health.h"
#include "worker/engine/metrics_file.h"
#include "worker/engine/sheet.h"
#include "worker/engine/trainer.h"
#include "worker/engine/training_rows.h"

namespace makeover::engine {
namespace {

std::string Numbered(const char* format, int64_t step) {
  char name[64];
  std::snprintf(name, sizeof name, format, static_cast<long long>(step));
  return name;
}

// A rate of which half was taken five times is not halved again, whichever process did it.
constexpr double kRateScaleMin = 1.0 / 32;

class Session {
 public:
  Session(const TrainingRun& run, const PixelCache& cache, const Surroundings& around)
      : run_(run),
        cache_(cache),
        around_(around),
        split_(SplitRows(run, cache)),
        trainer_(run.config, run.compute, cache, split_.training),
        metrics_(run.out + "/metrics.jsonl") {
    MakeFolder(run.out + "/samples");
    MakeFolder(run.out + "/checkpoints");
  }

  bool Run() {
    Begin();
    do {
      while (!Finished(run_.config, position_)) {
        if (around_.stop()) {
          if (LatestIsWell()) SaveCheckpoint();
          return Stopped();
        }
        if (!Advance()) return Stopped();
      }
      // Each of these may find the training ill, and go back.
      if (LatestIsWell() && watch_.suspects()) GoBack(Ill::kDiverged);
      WriteSample();
      SaveCheckpoint();
    } while (!Finished(run_.config, position_));
    around_.emit(Json::Object{{"event", "done"}, {"step", position_.step}});
    return true;
  }

 private:
  // One step, and what is due after it. Returns false when stopped in the middle of an evaluation:
  // who goes on takes that step again, and measures it.
  bool Advance() {
    const StepValues values = trainer_.Step(position_);
    latest_ = values;
    ++position_.step;
    position_.elapsed_seconds = elapsed_before_ + around_.seconds() - begin_seconds_;
    const bool evaluation = EvaluationDue();
    const bool metrics = Due(run_.config.metrics_steps) || evaluation;
    const bool checkpoint = CheckpointDue() || evaluation;
    if ((metrics || checkpoint || watch_.suspects()) && !LatestIsWell()) return true;
    if (evaluation && !watch_.suspects() && !EvaluateNow()) return false;
    if (metrics) WriteMetrics(values);
    if (Due(run_.config.sample_steps)) WriteSample();
    if (checkpoint) SaveCheckpoint();
    ReportProgress();
    return true;
  }

  bool Stopped() const {
    around_.emit(Json::Object{{"event", "stopped"}, {"step", SavedStep()}});
    return false;
  }

  void Begin() {
    if (!run_.resume.empty()) LoadState(CheckpointReader(run_.resume));
    metrics_.Trim(position_.step);
    elapsed_before_ = position_.elapsed_seconds;
    begin_seconds_ = around_.seconds();
    begin_step_ = position_.step;
    saved_seconds_ = position_.elapsed_seconds;
    evaluated_seconds_ = position_.elapsed_seconds;
    metrics_seconds_ = begin_seconds_;
    metrics_step_ = position_.step;
    if (trainer_.Healthy()) KeepAsGood();
    if (position_.step == 0) {
      WriteSample();
      if (run_.config.checkpoint_steps > 0) SaveCheckpoint();
    }
  }

  // From where a resume goes on.
  int64_t SavedStep() const { return saved_step_ >= 0 ? saved_step_ : begin_step_; }

  void LoadState(const CheckpointReader& checkpoint) {
    position_ = trainer_.Load(checkpoint);
    best_ = BestOf(checkpoint);
    watch_.GoOnFrom(SeenOf(checkpoint));
    // Who gives another rate means that one, and all returns with it.
    if (checkpoint.info().config.learning_rate != run_.config.learning_rate)
      trainer_.set_rate_scale(1);
  }

  // Also at the end, so that the last checkpoint takes part in the choice of the best.
  bool EvaluationDue() const {
    const Config& config = run_.config;
    const bool asked = config.evaluate_steps > 0 || config.evaluate_seconds > 0;
    if (!asked || !around_.evaluate) return false;
    const double since = position_.elapsed_seconds - evaluated_seconds_;
    return Due(config.evaluate_steps) || Finished(config, position_) ||
           (config.evaluate_seconds > 0 && since >= config.evaluate_seconds);
  }

  // The time that it takes is no training time. Returns false when stopped.
  bool EvaluateNow() {
    const double begin = around_.seconds();
    evaluated_seconds_ = position_.elapsed_seconds;
    figures_ = around_.evaluate(
        [this](const std::vector<const uint8_t*>& faces) { return Converted(faces); });
    if (figures_.has_value()) {
      const Standing standing = StandingOf(position_.step, *figures_);
      if (!best_.has_value() || IsBetter(standing, *best_)) best_ = standing;
    }
    const double spent = around_.seconds() - begin;
    begin_seconds_ += spent;
    metrics_seconds_ += spent;
    return figures_.has_value();
  }

  std::vector<std::vector<uint8_t>> Converted(const std::vector<const uint8_t*>& faces) {
    const auto bytes = static_cast<int64_t>(cache_.shape().bytes());
    std::vector<uint8_t> pixels;
    for (const uint8_t* face : faces) pixels.insert(pixels.end(), face, face + bytes);
    const std::vector<uint8_t> flips(faces.size(), 0);
    const std::vector<uint8_t> all = ToPixels(
        trainer_.Result(MakeBatch(pixels.data(), flips, cache_.shape(), trainer_.device())));
    std::vector<std::vector<uint8_t>> results;
    for (auto begin = all.begin(); begin != all.end(); begin += bytes)
      results.emplace_back(begin, begin + bytes);
    return results;
  }

  // Figures go by names of their own, since losses have some of theirs.
  void AddFigures(Json* values) {
    if (figures_.has_value()) {
      values->Set("judgedTargetRate", figures_->target_rate);
      values->Set("judgedKid", figures_->kid.value);
      values->Set("judgedKept", figures_->kept);
      values->Set("judgedLowL1", figures_->low_l1);
      values->Set("judgedIdentity", figures_->identity);
      figures_.reset();
    }
    if (best_.has_value()) values->Set("bestStep", best_->step);
  }

  bool Due(int64_t every) const { return every > 0 && position_.step % every == 0; }

  bool CheckpointDue() const {
    return Due(run_.config.checkpoint_steps) ||
           position_.elapsed_seconds - saved_seconds_ >= run_.config.checkpoint_seconds;
  }

  // Looks at the latest losses, which it does once: on a GPU a look waits for the step.
  bool LatestIsWell() {
    if (!latest_.has_value()) return true;
    const StepValues step = *std::exchange(latest_, std::nullopt);
    const auto generator = step.generator.item<double>();
    const auto discriminator = step.discriminator.item<double>();
    // Where a run is stopped, or a clock has a checkpoint written, is no part of the training.
    const Ill ill = Due(run_.config.metrics_steps)
                        ? watch_.SeeLosses(position_.step, generator, discriminator)
                        : watch_.Glance(position_.step, generator, discriminator);
    if (ill != Ill::kNo) GoBack(ill);
    return ill == Ill::kNo;
  }

  void KeepAsGood() { good_ = Good{trainer_.Copy(position_), best_}; }

  // Back to the last good state, with half the rate. The training time that was lost stays lost.
  void GoBack(Ill ill) {
    const int64_t from = position_.step;
    const std::string why = "At step " + std::to_string(from) + " " + DescribeIll(ill) + ".";
    if (!good_.has_value() || trainer_.rate_scale() <= kRateScaleMin) {
      throw EngineError(ErrorClass::kTask, "diverged", why,
                        "Train on from the last checkpoint with a smaller --set learning_rate, or "
                        "with --precision fp32.");
    }
    position_.step = trainer_.Restore(good_->state).step;
    best_ = good_->best;
    figures_.reset();
    trainer_.set_rate_scale(trainer_.rate_scale() / 2);
    watch_.Forget();
    metrics_.Trim(position_.step);
    if (sampled_step_ > position_.step) sampled_step_ = -1;
    metrics_step_ = position_.step;
    metrics_seconds_ = around_.seconds();
    around_.emit(Json::Object{{"event", "rollback"},
                              {"step", position_.step},
                              {"from", from},
                              {"reason", why},
                              {"rateScale", trainer_.rate_scale()}});
  }

  void WriteMetrics(const StepValues& step) {
    const double now = around_.seconds();
    const double images =
        static_cast<double>((position_.step - metrics_step_) * run_.config.batch_size);
    Json values = Json::Object{{"generator", step.generator.item<double>()},
                               {"discriminator", step.discriminator.item<double>()},
                               {"adversarial", step.adversarial.item<double>()},
                               {"pixel", step.pixel.item<double>()},
                               {"anneal", step.temperature},
                               {"learningRate", step.learning_rate}};
    if (step.hue.defined()) values.Set("hue", step.hue.item<double>());
    if (step.cold.defined()) values.Set("cold", step.cold.item<double>());
    if (step.purple.defined()) values.Set("purple", step.purple.item<double>());
    if (step.identity.defined()) values.Set("identity", step.identity.item<double>());
    if (step.mirror.defined()) values.Set("mirror", step.mirror.item<double>());
    if (step.penalty.defined()) values.Set("penalty", step.penalty.item<double>());
    if (step.kept.defined()) values.Set("keep", step.kept.item<double>());
    if (step.keep_growth.defined()) values.Set("keepGrowth", step.keep_growth.item<double>());
    if (step.aimed.defined()) values.Set("aim", step.aimed.item<double>());
    if (step.reader.defined()) values.Set("reader", step.reader.item<double>());
    if (step.augment_growth.defined())
      values.Set("augmentGrowth", step.augment_growth.item<double>());
    values.Set("imagesPerSecond", images / std::max(1e-9, now - metrics_seconds_));
    metrics_seconds_ = now;
    metrics_step_ = position_.step;
    AddFigures(&values);
    metrics_.Append(position_.step, values);
    around_.emit(Json::Object{{"event", "metrics"}, {"step", position_.step}, {"values", values}});
  }

  struct Faces {
    std::vector<uint8_t> sources, results;
  };

  Faces SampleFaces() {
    Faces faces;
    const std::vector<int64_t>& rows = split_.samples;
    const auto most = static_cast<size_t>(run_.config.batch_size);
    for (size_t begin = 0; begin < rows.size(); begin += most) {
      std::vector<const uint8_t*> some;
      for (size_t i = begin; i < std::min(rows.size(), begin + most); ++i)
        some.push_back(cache_.Row(rows[i]));
      for (const uint8_t* face : some)
        faces.sources.insert(faces.sources.end(), face, face + cache_.shape().bytes());
      for (const std::vector<uint8_t>& result : Converted(some))
        faces.results.insert(faces.results.end(), result.begin(), result.end());
    }
    return faces;
  }

  bool ResultsAreWell(const Faces& faces) {
    const auto count = static_cast<int64_t>(split_.samples.size());
    const int64_t bytes = cache_.shape().bytes();
    const double own = Spread(faces.sources.data(), count, bytes);
    constexpr double kOwnMin = 1;  // of 255: copies of one picture tell nothing
    const Ill ill = own < kOwnMin
                        ? Ill::kNo
                        : watch_.SeeSpread(Spread(faces.results.data(), count, bytes) / own);
    if (ill != Ill::kNo) GoBack(ill);
    return ill == Ill::kNo;
  }

  void WriteSample() {
    if (sampled_step_ == position_.step) return;
    sampled_step_ = position_.step;
    const Faces faces = SampleFaces();
    if (!ResultsAreWell(faces)) return;
    const PairSheet sheet = MakePairSheet(faces.sources, faces.results, cache_.shape());
    const std::string path = run_.out + "/samples/" + Numbered("batch%06lld.png", position_.step);
    WriteFileAtomically(path, around_.encode_png(sheet.width, sheet.height, sheet.rgb));
    around_.emit(Json::Object{{"event", "sample"}, {"step", position_.step}, {"path", path}});
  }

  // Only a state that is well: who goes on from a file must not go on from an illness.
  void SaveCheckpoint() {
    if (watch_.suspects()) return;
    saved_seconds_ = position_.elapsed_seconds;
    if (saved_step_ == position_.step) return;
    if (!trainer_.Healthy()) return GoBack(Ill::kNotANumber);
    if (sampled_step_ != position_.step && !ResultsAreWell(SampleFaces())) return;
    const std::string path =
        run_.out + "/checkpoints/" + Numbered("step%06lld.safetensors", position_.step);
    trainer_.Save(
        path, position_,
        {run_.dataset_digest, run_.filters.source, run_.filters.target, best_, watch_.seen()});
    saved_step_ = position_.step;
    KeepAsGood();
    around_.emit(Json::Object{{"event", "checkpoint"}, {"step", position_.step}, {"path", path}});
  }

  void ReportProgress() {
    const double now = around_.seconds();
    if (now - progress_seconds_ < 1) return;
    progress_seconds_ = now;
    const double rate =
        static_cast<double>(position_.step - begin_step_) / std::max(1e-9, now - begin_seconds_);
    const Config& config = run_.config;
    const double left = std::max(0.0, config.time_seconds - position_.elapsed_seconds);
    const int64_t total = config.time_seconds > 0
                              ? position_.step + static_cast<int64_t>(std::ceil(left * rate))
                              : config.steps;
    around_.emit(Json::Object{{"event", "progress"},
                              {"done", position_.step},
                              {"total", total},
                              {"unit", "steps"},
                              {"ratePerSecond", rate}});
  }

  // The last state that was well, and what was best until then.
  struct Good {
    Snapshot state;
    std::optional<Standing> best;
  };

  const TrainingRun& run_;
  const PixelCache& cache_;
  const Surroundings& around_;
  const Split split_;
  Trainer trainer_;
  MetricsFile metrics_;
  Position position_;
  double elapsed_before_ = 0;  // training time before this process
  double begin_seconds_ = 0;
  int64_t begin_step_ = 0;
  double saved_seconds_ = 0;  // of training time
  int64_t saved_step_ = -1;
  int64_t sampled_step_ = -1;
  double metrics_seconds_ = 0;
  int64_t metrics_step_ = 0;
  HealthWatch watch_{run_.config};
  std::optional<StepValues> latest_;  // until they are looked at
  std::optional<Good> good_;
  double progress_seconds_ = 0;
  std::optional<Figures> figures_;  // of an evaluation, until they are written
  std::optional<Standing> best_;
  double evaluated_seconds_ = 0;  // of training time
};

}  // namespace

Config ConfigOfCheckpoint(const std::string& path) { return CheckpointReader(path).info().config; }

int64_t StepOfCheckpoint(const std::string& path) { return CheckpointReader(path).info().step; }

ModelFilters FiltersOfCheckpoint(const std::string& path) {
  const CheckpointReader checkpoint(path);
  return {checkpoint.info().source, checkpoint.info().target};
}

bool Train(const TrainingRun& run, const PixelCache& cache, const Surroundings& surroundings) {
  return Session(run, cache, surroundings).Run();
}

}  // namespace makeover::engine
