#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "client/command.h"
#include "client/evaluation_table.h"
#include "client/follow.h"
#include "client/job_fetch.h"
#include "client/request_id.h"
#include "client/session.h"
#include "client/transfer.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr int64_t kFiguresBytesMax = 1 << 20;

struct EvaluateOptions {
  std::string model;
  std::string dataset;
  std::string job;  // instead of both: an evaluation that was submitted before
  std::string out;
};

absl::StatusOr<v1::Job> Submit(Session& session, const EvaluateOptions& options) {
  v1::CreateEvaluateJobRequest request;
  request.set_request_id(RandomRequestId());
  request.set_owner(session.Owner());
  request.set_model(options.model);
  request.set_dataset(options.dataset);
  return Call(session.jobs(), &v1::JobService::StubInterface::CreateEvaluateJob, request);
}

// The engine knows a file; the coordinator knows what it is called.
absl::StatusOr<v1::Evaluation> FiguresOf(Session& session, const v1::Job& job) {
  MK_ASSIGN_OR_RETURN(const std::string json,
                      DownloadToString(session, job.figures(), kFiguresBytesMax));
  v1::Evaluation evaluation;
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &evaluation, lenient);
  if (!parsed.ok()) {
    return absl::DataLossError(absl::StrCat("The figures of job ", job.id(),
                                            " cannot be read: the worker's mkengine may be newer "
                                            "than this mkctl."));
  }
  evaluation.set_model(job.evaluate().model());
  evaluation.set_step(job.evaluate().step());
  evaluation.set_dataset(job.evaluate().dataset());
  return evaluation;
}

// The job whose figures are asked for, new or old.
absl::StatusOr<v1::Job> JobOf(Session& session, const EvaluateOptions& options) {
  if (options.job.empty() && options.model.empty()) {
    return absl::InvalidArgumentError(
        "mkctl evaluate needs a MODEL to measure, or --job J for what an evaluation has found.");
  }
  if (options.job.empty()) {
    MK_RETURN_IF_ERROR(ParseModelRef(options.model).status());
    MK_RETURN_IF_ERROR(CheckCanBeWritten(options.out.empty() ? "evaluation.png" : options.out));
    return Submit(session, options);
  }
  MK_ASSIGN_OR_RETURN(v1::Job job, FetchJob(session, options.job));
  if (job.kind() == v1::Job::EVALUATE) return job;
  return absl::FailedPreconditionError(
      absl::StrCat("Job ", job.id(),
                   " is no evaluation, so it has no figures: \"mkctl jobs list\" has others."));
}

CommandResult Evaluate(Session& session, const EvaluateOptions& options) {
  MK_ASSIGN_OR_RETURN(const v1::Job job, JobOf(session, options));
  const std::string sheet =
      options.out.empty() ? absl::StrCat("evaluation-", job.id(), ".png") : options.out;
  MK_RETURN_IF_ERROR(CheckCanBeWritten(sheet));
  MK_ASSIGN_OR_RETURN(const Followed followed, FollowJob(session, job.id(), FollowOptions{}));
  if (followed.detached || followed.job.state() != v1::Job::SUCCEEDED) {
    const ExitStatus end = EndOfFollowing(session, followed, false);
    if (followed.detached) {
      session.out.Hint(
          {{absl::StrCat("mkctl evaluate --job ", job.id()), "its figures and sheet"}});
    }
    return end;
  }
  MK_ASSIGN_OR_RETURN(const v1::Evaluation evaluation, FiguresOf(session, followed.job));
  MK_RETURN_IF_ERROR(DownloadToFile(session, followed.job.result(), sheet, "sheet"));
  session.out.Emit(evaluation, {absl::StrCat(job.id())}, [&](const Painter& painter, bool) {
    return EvaluationTable(evaluation, painter);
  });
  session.out.Note(absl::StrCat("The best, median and worst faces are in ", sheet, "."));
  const std::string& model = evaluation.model();
  session.out.Hint({{absl::StrCat("mkctl convert PHOTOS --model ", model), "convert with it"},
                    {absl::StrCat("mkctl models show ", model), "how it was trained"}});
  return ExitStatus::kDone;
}

}  // namespace

void AddEvaluateCommand(CLI::App& app, Choice& choice) {
  CLI::App* command =
      AddCommand(app, "evaluate", "Measures a model on faces that it was not trained on",
                 "mkctl evaluate smile --out smile.png");
  auto options = std::make_shared<EvaluateOptions>();
  CLI::Option* model = command->add_option("MODEL", options->model, "MODEL or MODEL@STEP");
  CLI::Option* dataset =
      command->add_option("--dataset", options->dataset,
                          "Of another dataset with the same attributes; default: the model's own");
  CLI::Option* job = command->add_option(
      "--job", options->job, "Instead of MODEL: what the evaluation of this number has found");
  for (CLI::Option* option : {model, dataset, job}) option->check(NotEmpty());
  job->excludes(model)->excludes(dataset);
  command->add_option("--out", options->out, "The contact sheet's file; default: evaluation-J.png");
  Runs(command, choice, [options](Session& session) { return Evaluate(session, *options); });
}

}  // namespace makeover
