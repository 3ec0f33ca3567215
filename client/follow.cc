#include "client/follow.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "client/job_view.h"
#include "client/progress.h"
#include "proto/blob_transfer.h"

namespace makeover {
namespace {

constexpr std::chrono::milliseconds kRetryInterval{500};
// A job that is still queued after this long gets a word about it.
constexpr std::chrono::seconds kQueuedPatience{10};

class Follower {
 public:
  Follower(Session& session, uint32_t id, const FollowOptions& options)
      : session_(session),
        id_(id),
        options_(options),
        line_(stderr, session.out.error_terminal(), options.quiet),
        started_(session.Now()) {}

  absl::StatusOr<Followed> Run() {
    while (true) {
      const absl::Status streamed = Stream();
      if (!update_error_.ok()) return update_error_;
      if (Ended()) return Followed{job_, false};
      if (session_.interrupt().requested()) return Followed{job_, true};
      if (absl::Status patient = AwaitReturn(streamed); !patient.ok()) return patient;
    }
  }

 private:
  bool Ended() const { return IsTerminal(job_.state()) || job_.state() == v1::Job::HELD; }

  // Reads news until the job ends or the stream breaks.
  absl::Status Stream() {
    grpc::ClientContext context;
    const Interrupt::Scope scope(session_.interrupt(), [&context] { context.TryCancel(); });
    v1::WatchJobRequest request;
    request.set_id(id_);
    const auto stream = session_.jobs().WatchJob(&context, request);
    v1::Job job;
    while (stream->Read(&job)) {
      Take(job);
      if (!update_error_.ok() || Ended()) context.TryCancel();
    }
    return FromGrpcStatus(stream->Finish());
  }

  void Take(const v1::Job& job) {
    if (Ended() || !update_error_.ok()) return;
    job_ = job;
    last_contact_ = session_.Now();
    MentionQueue();
    line_.Update(JobProgress(job_));
    if (!options_.on_update) return;
    update_error_ = options_.on_update(job_);
  }

  void MentionQueue() {
    if (options_.quiet || mentioned_ || job_.state() != v1::Job::QUEUED) return;
    if (session_.Now() - started_ < kQueuedPatience) return;
    mentioned_ = true;
    line_.Clear();
    session_.out.Note(absl::StrCat("Job ", id_, " still waits for a worker; \"mkctl jobs explain ",
                                   id_, "\" tells why."));
  }

  // After a broken stream: OK to try again.
  absl::Status AwaitReturn(const absl::Status& broken) {
    if (!broken.ok() && !IsTransient(broken)) return broken;
    const absl::Status lost =
        broken.ok() ? absl::UnavailableError("The coordinator ended the connection.") : broken;
    if (!last_contact_ || session_.Now() - *last_contact_ > kFollowPatience) return lost;
    if (!options_.quiet && !lost_said_) {
      line_.Clear();
      session_.out.Note("The coordinator does not answer; waiting for it to come back.");
      lost_said_ = true;
    }
    const Interrupt::Scope scope(session_.interrupt(), nullptr);
    session_.interrupt().Sleep(kRetryInterval);
    return absl::OkStatus();
  }

  Session& session_;
  const uint32_t id_;
  const FollowOptions& options_;
  ProgressLine line_;
  const std::chrono::system_clock::time_point started_;
  std::optional<std::chrono::system_clock::time_point> last_contact_;
  v1::Job job_;
  absl::Status update_error_;
  bool mentioned_ = false;
  bool lost_said_ = false;
};

}  // namespace

absl::StatusOr<Followed> FollowJob(Session& session, uint32_t id, const FollowOptions& options) {
  return Follower(session, id, options).Run();
}

ExitStatus EndOfFollowing(const Session& session, const Followed& followed, bool quiet) {
  const v1::Job& job = followed.job;
  if (followed.detached) {
    session.out.Note(absl::StrCat("Detached. The job goes on; \"mkctl jobs watch ", job.id(),
                                  "\" follows it again, \"mkctl jobs cancel ", job.id(),
                                  "\" ends it."));
    return ExitStatus::kInterrupted;
  }
  const bool good = job.state() == v1::Job::SUCCEEDED;
  if (!quiet || !good) session.out.Note(JobSummary(job));
  if (job.state() == v1::Job::HELD) {
    session.out.Hint({{absl::StrCat("mkctl jobs explain ", job.id()), "why it is held"},
                      {absl::StrCat("mkctl jobs retry ", job.id()), "go on"},
                      {absl::StrCat("mkctl jobs cancel ", job.id()), "give up"}});
  }
  return good ? ExitStatus::kDone : ExitStatus::kFailed;
}

}  // namespace makeover
