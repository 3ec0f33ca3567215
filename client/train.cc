#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/command.h"
#include "client/follow.h"
#include "client/job_view.h"
#include "client/request_id.h"
#include "client/session.h"
#include "client/table.h"
#include "client/units.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

struct TrainOptions {
  v1::CreateTrainJobRequest request;
  std::string time;
  std::string evaluate_every;
  std::string after;
  std::optional<uint64_t> seed;
  bool follow = false;
};

// A plain number means steps, one with a unit time; each is a setting of the recipe.
absl::StatusOr<std::string> EvaluationSetting(const std::string& every) {
  const bool steps = every.find_first_not_of("0123456789") == std::string::npos;
  MK_ASSIGN_OR_RETURN(const double number, ParseDuration(every));
  if (number <= 0) {
    return absl::InvalidArgumentError(
        "--evaluate-every must be more than nothing: a number of steps, or a time such as 5m.");
  }
  return steps ? absl::StrCat("evaluate_steps=", every) : absl::StrCat("evaluate_seconds=", number);
}

// The others would be held and not used.
absl::Status OneDeviceAlone(uint32_t gpus) {
  return absl::FailedPreconditionError(absl::StrCat(
      "--gpus ", gpus, " is not possible yet, because this version trains on one device: leave it ",
      "away; trainings run beside each other on the others."));
}

absl::StatusOr<v1::CreateTrainJobRequest> MakeRequest(const Session& session,
                                                      const TrainOptions& options) {
  v1::CreateTrainJobRequest request = options.request;
  request.set_request_id(RandomRequestId());
  request.set_owner(session.Owner());
  if (!request.model().empty()) MK_RETURN_IF_ERROR(CheckName("model", request.model()));
  if (!options.time.empty()) {
    MK_ASSIGN_OR_RETURN(const double seconds, ParseDuration(options.time));
    if (seconds <= 0) return absl::InvalidArgumentError("--time must be more than nothing.");
    request.set_time_seconds(seconds);
  }
  if (!options.evaluate_every.empty()) {
    MK_ASSIGN_OR_RETURN(const std::string setting, EvaluationSetting(options.evaluate_every));
    request.add_settings(setting);
  }
  if (!options.after.empty()) {
    MK_ASSIGN_OR_RETURN(const uint32_t after, ParseJobId(options.after));
    request.set_after_job(after);
  }
  if (options.seed) request.set_seed(*options.seed);
  if (request.gpus() > 1) return OneDeviceAlone(request.gpus());
  return request;
}

std::string Side(const std::string& filter, uint32_t count) {
  return absl::StrCat(SideText(filter), "  (", Plural(count, "picture"), ")");
}

std::string PlanText(const v1::CreateTrainJobResponse& answer, const Painter& painter) {
  const v1::TrainSpec& train = answer.job().train();
  KeyValues lines;
  lines.Add("Dataset", answer.dataset());
  lines.Add("Source", Side(train.source(), answer.source_count()));
  lines.Add("Target", Side(train.target(), answer.target_count()));
  lines.Add("Recipe", train.recipe());
  lines.Add("Batch size", train.batch_size() > 0 ? absl::StrCat(train.batch_size()) : "");
  lines.Add("Settings", absl::StrJoin(train.settings(), " "));
  lines.Add("Steps", answer.steps() > 0 ? absl::StrCat(train.time_seconds() > 0 ? "about " : "",
                                                       FormatCount(answer.steps()))
                                        : "");
  lines.Add("Estimate", answer.estimated_seconds() > 0
                            ? "about " + FormatDuration(answer.estimated_seconds())
                            : "");
  return lines.ToString(painter);
}

void SayDataset(const Session& session, const TrainOptions& options,
                const v1::CreateTrainJobResponse& answer) {
  if (!options.request.dataset().empty()) return;
  session.out.Note(absl::StrCat("Training on ", answer.dataset(), ", the only dataset."));
}

void HintFollowing(const Session& session, const v1::Job& job) {
  session.out.Hint({{absl::StrCat("mkctl jobs watch ", job.id()), "follow it"},
                    {absl::StrCat("mkctl samples ", job.id(), " --latest"), "see what it can do"},
                    {absl::StrCat("mkctl jobs explain ", job.id()), "why does it wait?"}});
}

void HintConverting(const Session& session, const v1::Job& job) {
  session.out.Hint(
      {{absl::StrCat("mkctl samples ", job.id(), " --latest"), "see what it can do"},
       {absl::StrCat("mkctl convert PHOTOS --model ", job.model()), "convert a folder"}});
}

CommandResult DryRun(const Session& session, const v1::CreateTrainJobResponse& answer) {
  session.out.Emit(answer, {answer.dataset()},
                   [&](const Painter& painter, bool) { return PlanText(answer, painter); });
  return ExitStatus::kDone;
}

CommandResult FollowTraining(Session& session, const v1::Job& job) {
  MK_ASSIGN_OR_RETURN(const Followed followed, FollowJob(session, job.id(), FollowOptions{}));
  const ExitStatus end = EndOfFollowing(session, followed, false);
  if (end == ExitStatus::kDone) HintConverting(session, followed.job);
  return end;
}

CommandResult SubmitTrain(Session& session, const TrainOptions& options) {
  MK_ASSIGN_OR_RETURN(const v1::CreateTrainJobRequest request, MakeRequest(session, options));
  MK_ASSIGN_OR_RETURN(
      const v1::CreateTrainJobResponse answer,
      Call(session.jobs(), &v1::JobService::StubInterface::CreateTrainJob, request));
  SayDataset(session, options, answer);
  if (request.dry_run()) return DryRun(session, answer);
  const v1::Job& job = answer.job();
  session.out.Emit(answer, {absl::StrCat(job.id())}, [&](const Painter& painter, bool) {
    return absl::StrCat(painter.Bold(absl::StrCat("Job ", job.id())), " trains model ",
                        painter.Bold(job.model()), ".\n", PlanText(answer, painter));
  });
  if (options.follow) return FollowTraining(session, job);
  HintFollowing(session, job);
  return ExitStatus::kDone;
}

template <typename Value>
auto Setter(std::shared_ptr<TrainOptions> options,
            void (v1::CreateTrainJobRequest::*set)(Value value)) {
  return [options, set](const Value& value) { (options->request.*set)(value); };
}

// Who is turned into whom.
void AddSelection(CLI::App* command, const std::shared_ptr<TrainOptions>& options) {
  v1::CreateTrainJobRequest& request = options->request;
  command->add_option("--dataset", *request.mutable_dataset(), "Default: the only one")
      ->check(NotEmpty());
  CLI::Option* filter = command->add_option("--filter", *request.mutable_filter(),
                                            "The target; the source is everybody");
  CLI::Option* source =
      command->add_option("--source", *request.mutable_source(), "Who is changed");
  CLI::Option* target = command->add_option("--target", *request.mutable_target(), "Into what");
  CLI::Option* preset = command->add_option("--preset", *request.mutable_preset(),
                                            "deep-makeover's own: mtf, ftm, ftf, mtm");
  preset->check(CLI::IsMember({"mtf", "ftm", "ftf", "mtm"}));
  filter->excludes(source)->excludes(target)->excludes(preset);
  preset->excludes(source)->excludes(target);
  source->needs(target);
  target->needs(source);
  command->add_flag_callback(
      "--no-clean", [options] { options->request.set_no_clean(true); },
      "Keep blurry pictures and eyeglasses on both sides");
}

// An option that is a setting of the recipe by another name.
void AddSettingOption(CLI::App* command, const std::shared_ptr<TrainOptions>& options,
                      const std::string& option, const std::string& key, const std::string& help) {
  command->add_option_function<std::string>(
      option,
      [options, key](const std::string& value) {
        options->request.add_settings(absl::StrCat(key, "=", value));
      },
      help);
}

// For how long, and how.
void AddTraining(CLI::App* command, const std::shared_ptr<TrainOptions>& options) {
  CLI::Option* steps = command->add_option_function(
      "--steps",
      std::function<void(const uint32_t&)>(Setter(options, &v1::CreateTrainJobRequest::set_steps)),
      "Train for so many batches");
  steps->check(CLI::Range(uint32_t{1}, uint32_t{1'000'000'000}));
  command->add_option("--time", options->time, "Train for so long: 90s, 20m, 2h, 1h30m")
      ->excludes(steps);
  command
      ->add_option_function("--batch-size",
                            std::function<void(const uint32_t&)>(
                                Setter(options, &v1::CreateTrainJobRequest::set_batch_size)),
                            "Pictures a batch (16)")
      ->check(CLI::Range(uint32_t{2}, uint32_t{4096}));
  command->add_option("--recipe", *options->request.mutable_recipe(),
                      "How it learns: makeover (default) or classic");
  command
      ->add_option_function<std::vector<std::string>>(
          "--set",
          [options](const std::vector<std::string>& settings) {
            for (const std::string& one : settings) options->request.add_settings(one);
          },
          "key=value: changes one setting of the recipe; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  AddSettingOption(command, options, "--size", "size",
                   "WxH that the networks see, 40x48 to 256x256 in fours (80x100)");
  AddSettingOption(command, options, "--window", "window",
                   "X,Y,WxH of it in the aligned 178x218 frame, or full (49,90,80x100)");
  command->add_option("--seed", options->seed, "Of all random choices");
  command->add_option("--evaluate-every", options->evaluate_every,
                      "Steps, or a time such as 5m: measure with a judge; the best is MODEL@best");
}

// Where it stands in the queue.
void AddQueueing(CLI::App* command, const std::shared_ptr<TrainOptions>& options) {
  command->add_option("--name", *options->request.mutable_model(), "The model's name")
      ->check(NotEmpty());
  command->add_option_function(
      "--gpus",
      std::function<void(const uint32_t&)>(Setter(options, &v1::CreateTrainJobRequest::set_gpus)),
      "GPUs that it needs; this version trains on one");
  command->add_option_function("--priority",
                               std::function<void(const int32_t&)>(
                                   Setter(options, &v1::CreateTrainJobRequest::set_priority)),
                               "Higher goes first (0)");
  command->add_option("--after", options->after, "Begin when this job has SUCCEEDED");
  CLI::Option* dry_run = command->add_flag_callback(
      "--dry-run", [options] { options->request.set_dry_run(true); },
      "Say what would be trained and how long it takes, and stop");
  command->add_flag("--follow", options->follow, "Follow the training until it ends")
      ->excludes(dry_run);
}

}  // namespace

void AddTrainCommand(CLI::App& app, Choice& choice) {
  CLI::App* command = AddCommand(
      app, "submit-train", "Trains a model",
      "mkctl submit-train --filter 'blond hair & !male' --time 1h --name blond --follow");
  auto options = std::make_shared<TrainOptions>();
  AddSelection(command, options);
  AddTraining(command, options);
  AddQueueing(command, options);
  Runs(command, choice, [options](Session& session) { return SubmitTrain(session, *options); });
}

}  // namespace makeover
