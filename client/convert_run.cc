#include "client/convert_run.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/convert_fetch.h"
#include "client/convert_manifest.h"
#include "client/convert_pack.h"
#include "client/convert_scan.h"
#include "client/follow.h"
#include "client/job_view.h"
#include "client/progress.h"
#include "client/request_id.h"
#include "client/units.h"
#include "proto/names.h"
#include "storage/file_io.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using JobStub = v1::JobService::StubInterface;

constexpr size_t kFailedShown = 20;

absl::Status CannotWrite(const std::string& out, const absl::Status& why) {
  return absl::FailedPreconditionError(absl::StrCat("Cannot write to the output folder ", out, ": ",
                                                    why.message(),
                                                    " Choose another one with --out."));
}

// Makes the folder, holds it for this process, and finds out whether it can be written to.
absl::StatusOr<FileDescriptor> HoldOutFolder(const std::string& out) {
  if (const absl::Status made = MakeFolders(out); !made.ok()) return CannotWrite(out, made);
  absl::StatusOr<FileDescriptor> folder = OpenFile(out, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) return CannotWrite(out, folder.status());
  if (flock(folder->get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("Another mkctl converts into ", out,
                     " at this moment; wait for it, or choose another "
                     "folder with --out."));
  }
  const std::string probe = out + "/.makeover-probe";
  const absl::StatusOr<FileDescriptor> file = OpenFile(probe, O_WRONLY | O_CREAT);
  if (!file.ok()) return CannotWrite(out, file.status());
  unlink(probe.c_str());
  return folder;
}

class Conversion {
 public:
  Conversion(Session& session, const ConvertOptions& options, std::string out, Manifest manifest,
             ConvertScan scan)
      : session_(session),
        options_(options),
        out_(std::move(out)),
        manifest_(std::move(manifest)),
        scan_(std::move(scan)) {}

  CommandResult Run() {
    MK_ASSIGN_OR_RETURN(const bool went_on, GoOnWithEarlier());
    if (went_on && !last_.ended) return last_.exit_status;
    if (!went_on) MK_RETURN_IF_ERROR(ChooseModel());
    MK_ASSIGN_OR_RETURN(const std::vector<ConvertInput> inputs, FindWhatIsToDo(went_on));
    if (!inputs.empty()) {
      MK_RETURN_IF_ERROR(CheckOverwritesNothing(inputs));
      MK_RETURN_IF_ERROR(Start(inputs));
      MK_RETURN_IF_ERROR(FollowAndFetch());
      if (!last_.ended) return last_.exit_status;
    }
    return Conclude();
  }

 private:
  // How following the last job went.
  struct Last {
    bool ended = true;  // false: detached, or held
    ExitStatus exit_status = ExitStatus::kDone;
    v1::Job job;
  };

  // Attaches to the job that an earlier run began in this folder. False if there is none to go on
  // with.
  absl::StatusOr<bool> GoOnWithEarlier() {
    absl::StatusOr<client::ConvertState> state = LoadConvertState(out_);
    if (!state.ok() || !Fits(*state)) return false;
    state_ = *std::move(state);
    const absl::Status found = FindEarlierJob();
    if (found.code() == absl::StatusCode::kNotFound ||
        found.code() == absl::StatusCode::kFailedPrecondition) {
      RemoveConvertState(out_);
      return false;
    }
    MK_RETURN_IF_ERROR(found);
    session_.out.Note(absl::StrCat("Going on with job ", state_.job(), ", which converts with ",
                                   state_.model(), "."));
    const absl::Status fetched = FollowAndFetch();
    if (absl::IsNotFound(fetched)) {  // the coordinator keeps results for a while
      session_.out.Note(absl::StrCat("Results of job ", state_.job(), " are not stored any more: ",
                                     "what is missing is converted anew."));
      RemoveConvertState(out_);
      return false;
    }
    MK_RETURN_IF_ERROR(fetched);
    return true;
  }

  bool Fits(const client::ConvertState& state) const {
    const std::string name = state.model().substr(0, state.model().rfind('@'));
    const bool same_model =
        options_.model.empty() || options_.model == state.model() || options_.model == name;
    if (same_model && state.strength() == options_.strength) return true;
    session_.out.Note(absl::StrCat("Job ", state.job(), ", begun earlier in ", out_, " with model ",
                                   state.model(), ", is left alone."));
    return false;
  }

  // The earlier run may have died before it heard the job's number. In a cluster of other data the
  // number may be another job's. NOT_FOUND.
  absl::Status FindEarlierJob() {
    if (state_.job() == 0) return CreateJob();
    v1::GetJobRequest request;
    request.set_id(state_.job());
    MK_ASSIGN_OR_RETURN(const v1::Job job, Call(session_.jobs(), &JobStub::GetJob, request));
    v1::ListTasksRequest tasks_request;
    tasks_request.set_id(state_.job());
    MK_ASSIGN_OR_RETURN(const v1::ListTasksResponse tasks,
                        Call(session_.jobs(), &JobStub::ListTasks, tasks_request));
    if (IsJobOf(state_, job, tasks)) return absl::OkStatus();
    session_.out.Note(absl::StrCat("Job ", state_.job(), " of this cluster is not the one that ",
                                   out_, " was begun with: it is left alone."));
    return absl::NotFoundError("The job is another one.");
  }

  absl::Status ChooseModel() {
    if (!options_.model.empty()) MK_RETURN_IF_ERROR(ParseModelRef(options_.model).status());
    v1::GetModelRequest request;
    request.set_name(options_.model);
    MK_ASSIGN_OR_RETURN(
        const v1::Model model,
        Call(session_.models(), &v1::ModelService::StubInterface::GetModel, request));
    if (!model.has_checkpoint()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "Model ", model.name(), " has no checkpoint yet: its training, job ", model.job(),
          ", writes the first one after some minutes; \"mkctl jobs watch ", model.job(),
          "\" follows it."));
    }
    state_.Clear();
    state_.set_model(FormatModelRef({model.name(), model.step()}));
    state_.set_checkpoint(model.checkpoint().digest());
    state_.set_strength(options_.strength);
    session_.out.Note(absl::StrCat(
        options_.model.empty() ? "Converting with the newest finished model, " : "Converting with ",
        state_.model(), "."));
    return absl::OkStatus();
  }

  // After going on with an earlier job, what failed in it is not tried once more.
  absl::StatusOr<std::vector<ConvertInput>> FindWhatIsToDo(bool went_on) {
    ProgressLine progress(stderr, session_.out.error_terminal(), false);
    std::vector<ConvertInput> inputs;
    size_t checked = 0;
    for (const ConvertInput& input : scan_.inputs) {
      progress.Update({"check", static_cast<double>(checked++),
                       static_cast<double>(scan_.inputs.size()), "files", 0, -1, ""});
      const client::ManifestLine* line = manifest_.Find(input.name);
      const bool done = line != nullptr && IsDone(*line, input, went_on);
      if (!done) inputs.push_back(input);
    }
    done_before_ = scan_.inputs.size() - inputs.size();
    return inputs;
  }

  bool IsDone(const client::ManifestLine& line, const ConvertInput& input, bool went_on) const {
    const absl::StatusOr<std::string> digest = Sha256OfFile(input.path);
    if (!digest.ok()) return false;
    if (went_on && line.job() == state_.job() && line.status() == "failed") {
      return line.source_sha256() == *digest;
    }
    return IsConverted(line, out_, state_.checkpoint(), state_.strength(), *digest);
  }

  // A result replaces only what an earlier conversion has made, and never a source.
  absl::Status CheckOverwritesNothing(const std::vector<ConvertInput>& inputs) const {
    for (const ConvertInput& input : inputs) {
      const std::filesystem::path result = std::filesystem::path(out_) / input.name;
      std::error_code error;
      if (!std::filesystem::exists(std::filesystem::symlink_status(result, error))) continue;
      const bool is_source = std::filesystem::equivalent(result, input.path, error);
      if (!is_source && manifest_.Find(input.name) != nullptr) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("The result of ", input.path, " would replace ", result.string(), ", which ",
                       is_source ? "is that picture itself" : "no conversion has made",
                       ": choose another folder with --out."));
    }
    return absl::OkStatus();
  }

  absl::Status Start(const std::vector<ConvertInput>& inputs) {
    MK_ASSIGN_OR_RETURN(PackedInputs packed, PackAndUpload(session_, inputs));
    if (!packed.unreadable.empty()) {
      MK_RETURN_IF_ERROR(AsLocalError(manifest_.Append(packed.unreadable)));
    }
    state_.set_job(0);
    state_.set_request_id(RandomRequestId());
    state_.set_files_skipped(static_cast<uint32_t>(scan_.skipped.size() + done_before_));
    state_.mutable_shards()->Assign(packed.shards.begin(), packed.shards.end());
    if (packed.shards.empty()) return absl::OkStatus();
    MK_RETURN_IF_ERROR(SaveConvertState(out_, state_));
    return CreateJob();
  }

  absl::Status CreateJob() {
    v1::CreateConvertJobRequest request;
    request.set_request_id(state_.request_id());
    request.set_owner(session_.Owner());
    request.set_priority(options_.priority);
    request.set_model(state_.model());
    request.set_align("none");
    request.set_strength(state_.strength());
    request.set_files_skipped(state_.files_skipped());
    for (const client::ConvertState::Shard& shard : state_.shards()) {
      v1::ConvertShard& one = *request.add_shards();
      one.mutable_blob()->set_digest(shard.digest());
      one.mutable_blob()->set_size(shard.size());
      one.set_files(static_cast<uint32_t>(shard.files_size()));
    }
    MK_ASSIGN_OR_RETURN(
        const v1::CreateConvertJobResponse answer,
        CallPatiently(session_, session_.jobs(), &JobStub::CreateConvertJob, request));
    state_.set_job(answer.job().id());
    return SaveConvertState(out_, state_);
  }

  absl::Status FollowAndFetch() {
    if (state_.shards().empty()) return absl::OkStatus();
    if (options_.detach) return Detach();
    ConvertFetcher fetcher(session_, out_, state_, manifest_);
    FollowOptions follow;
    follow.on_update = [&fetcher](const v1::Job& job) {
      const bool news = job.tasks_done() > fetcher.shards_fetched() || IsTerminal(job.state());
      return news ? fetcher.FetchFinished() : absl::OkStatus();
    };
    MK_ASSIGN_OR_RETURN(const Followed followed, FollowJob(session_, state_.job(), follow));
    last_.job = followed.job;
    if (followed.detached || followed.job.state() == v1::Job::HELD) {
      last_.ended = false;
      last_.exit_status = EndOfFollowing(session_, followed, false);
      session_.out.Note("The same command fetches what is finished and goes on.");
      return absl::OkStatus();
    }
    MK_RETURN_IF_ERROR(fetcher.RecordUnfinished(followed.job));
    if (followed.job.state() != v1::Job::SUCCEEDED) {
      last_.exit_status = EndOfFollowing(session_, followed, false);
    }
    return absl::OkStatus();
  }

  absl::Status Detach() {
    v1::GetJobRequest request;
    request.set_id(state_.job());
    MK_ASSIGN_OR_RETURN(last_.job, Call(session_.jobs(), &JobStub::GetJob, request));
    last_.ended = false;
    last_.exit_status = ExitStatus::kDetached;
    Emit("Job " + absl::StrCat(state_.job()) + " converts; its results are not fetched yet.\n");
    session_.out.Hint({{"the same command without --detach", "fetch the results into " + out_},
                       {absl::StrCat("mkctl jobs watch ", state_.job()), "follow it"}});
    return absl::OkStatus();
  }

  // All has ended: one line per input, the counts, the failures.
  CommandResult Conclude() {
    std::vector<client::ManifestLine> lines;
    std::vector<const client::ManifestLine*> failed;
    for (const ConvertInput& input : scan_.inputs) lines.push_back(FinalLine(input));
    for (const ConvertSkip& skip : scan_.skipped) {
      client::ManifestLine& line = lines.emplace_back();
      line.set_file(skip.name);
      line.set_status("skipped");
      line.set_reason(skip.reason);
    }
    for (const client::ManifestLine& line : lines) {
      if (line.status() == "failed") failed.push_back(&line);
    }
    RemoveConvertLeftovers(out_, manifest_);
    MK_RETURN_IF_ERROR(AsLocalError(manifest_.Rewrite(lines)));
    RemoveConvertState(out_);
    Report(failed);
    return failed.empty() ? last_.exit_status : ExitStatus::kFailed;
  }

  client::ManifestLine FinalLine(const ConvertInput& input) const {
    const client::ManifestLine* found = manifest_.Find(input.name);
    if (found != nullptr) return *found;
    client::ManifestLine line;
    line.set_file(input.name);
    line.set_status("failed");
    line.set_reason("it was not converted");
    return line;
  }

  void Report(const std::vector<const client::ManifestLine*>& failed) {
    for (size_t i = 0; i < failed.size() && i < kFailedShown; ++i) {
      session_.out.Warn(absl::StrCat(failed[i]->file(), " failed: ", failed[i]->reason()));
    }
    if (failed.size() > kFailedShown) {
      session_.out.Warn(absl::StrCat("... and ", failed.size() - kFailedShown, " more, see ", out_,
                                     "/manifest.jsonl."));
    }
    const size_t converted = scan_.inputs.size() - failed.size();
    std::string text =
        absl::StrCat("Converted ", FormatCount(static_cast<int64_t>(converted)), " of ",
                     Plural(static_cast<int64_t>(scan_.inputs.size()), "picture"), " to ", out_);
    if (done_before_ > 0) absl::StrAppend(&text, ", ", done_before_, " of them before");
    if (!failed.empty()) absl::StrAppend(&text, ", ", failed.size(), " failed");
    if (!scan_.skipped.empty()) absl::StrAppend(&text, ", ", scan_.skipped.size(), " skipped");
    if (last_.job.id() == 0) {
      last_.job.set_kind(v1::Job::CONVERT);
      last_.job.set_state(v1::Job::SUCCEEDED);
      last_.job.set_files_skipped(static_cast<uint32_t>(scan_.skipped.size() + done_before_));
    }
    Emit(text + ".\n");
    HintNext(failed.size());
  }

  void HintNext(size_t failed) const {
    std::vector<Output::Next> next;
    if (failed > 0) next.push_back({"the same command again", "try what failed once more"});
    if (last_.job.id() > 0) {
      next.push_back({absl::StrCat("mkctl jobs show ", last_.job.id()), "where it ran, how fast"});
    }
    next.push_back({"mkctl models list", "other models to convert with"});
    session_.out.Hint(next);
  }

  void Emit(const std::string& text) const {
    const std::vector<std::string> ids =
        last_.job.id() > 0 ? std::vector<std::string>{absl::StrCat(last_.job.id())}
                           : std::vector<std::string>{};
    session_.out.Emit(last_.job, ids, [&text](const Painter&, bool) { return text; });
  }

  Session& session_;
  const ConvertOptions& options_;
  const std::string out_;
  Manifest manifest_;
  const ConvertScan scan_;
  client::ConvertState state_;
  Last last_;
  size_t done_before_ = 0;
};

}  // namespace

CommandResult ConvertPaths(Session& session, const ConvertOptions& options) {
  std::string out = options.out;
  if (out.empty()) {
    MK_ASSIGN_OR_RETURN(out, DefaultConvertOut(options.paths));
  }
  MK_ASSIGN_OR_RETURN(ConvertScan scan, ScanConvertInputs(options.paths, options.recursive, out));
  MK_ASSIGN_OR_RETURN(const FileDescriptor held, HoldOutFolder(out));
  MK_ASSIGN_OR_RETURN(Manifest manifest, Manifest::Load(out));
  Conversion conversion(session, options, out, std::move(manifest), std::move(scan));
  CommandResult result = conversion.Run();
  if (!result.ok() && result.status().code() == absl::StatusCode::kCancelled) {
    session.out.Note("Stopped. The same command goes on where this one ended.");
  }
  return result;
}

}  // namespace makeover
