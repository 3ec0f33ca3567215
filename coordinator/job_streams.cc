#include "coordinator/job_streams.h"

#include <fcntl.h>

#include <map>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coordinator/errors.h"
#include "coordinator/job_messages.h"
#include "coordinator/job_state.h"
#include "coordinator/limits.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

// How often a follower looks whether its client is still there.
constexpr absl::Duration kIdle = absl::Seconds(5);

absl::Status Stopping() {
  return absl::UnavailableError(
      "The coordinator is stopping: follow the job again when it is back.");
}

bool HasEnded(const v1::Job& job) { return IsTerminal(static_cast<JobState>(job.state())); }

// Log files as far as they were sent.
class LogCursor {
 public:
  LogCursor(const AttemptLogs& logs, JobId job) : logs_(logs), job_(job) {}

  // Sends everything new. False: nobody listens any more.
  absl::StatusOr<bool> SendNew(const std::function<bool(const v1::ReadLogsResponse&)>& send) {
    for (const std::string& path : logs_.PathsOf(job_)) {
      MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
      while (true) {
        std::string data;
        MK_RETURN_IF_ERROR(ReadAt(file.get(), sent_[path], kReadChunkBytes, path, &data));
        if (data.empty()) break;
        sent_[path] += static_cast<int64_t>(data.size());
        v1::ReadLogsResponse response;
        response.set_data(std::move(data));
        if (!send(response)) return false;
      }
    }
    return true;
  }

 private:
  const AttemptLogs& logs_;
  const JobId job_;
  std::map<std::string, int64_t> sent_;
};

absl::StatusOr<Job> FindJob(const Catalog& catalog, JobId id) {
  absl::StatusOr<Job> job = catalog.GetJob(id);
  if (absl::IsNotFound(job.status())) return errors::NoSuchJob(id);
  return job;
}

}  // namespace

absl::Status WatchJob(const Backend& backend, JobId id,
                      const std::function<bool(const v1::Job&)>& send) {
  WatchHub::Follower follower(backend.hub, id);
  if (!follower.admitted()) return errors::TooManyFollowers();
  while (true) {
    const absl::Time began = absl::Now();
    MK_ASSIGN_OR_RETURN(const v1::Job job, DescribeJob(backend, id));
    if (!send(job) || HasEnded(job)) return absl::OkStatus();
    if (!follower.Wait(kIdle)) return Stopping();
    // A job that changes all the time is told of a few times a second.
    const absl::Duration rest = began + absl::Milliseconds(kWatchIntervalMs) - absl::Now();
    if (!follower.Rest(rest)) return Stopping();
  }
}

absl::Status ReadLogs(const Backend& backend, JobId id, bool follow,
                      const std::function<bool(const v1::ReadLogsResponse&)>& send,
                      const std::function<bool()>& is_cancelled) {
  LogCursor cursor(backend.logs, id);
  MK_ASSIGN_OR_RETURN(Job job, FindJob(backend.catalog, id));
  if (!follow) return cursor.SendNew(send).status();
  WatchHub::Follower follower(backend.hub, id);
  if (!follower.admitted()) return errors::TooManyFollowers();
  while (true) {
    MK_ASSIGN_OR_RETURN(job, FindJob(backend.catalog, id));
    MK_ASSIGN_OR_RETURN(const bool heard, cursor.SendNew(send));
    if (!heard || is_cancelled() || IsTerminal(job.state)) return absl::OkStatus();
    if (!follower.Wait(kIdle)) return Stopping();
  }
}

}  // namespace makeover
