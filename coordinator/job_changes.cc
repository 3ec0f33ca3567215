#include "coordinator/job_changes.h"

#include "coordinator/errors.h"
#include "coordinator/job_lookup.h"
#include "storage/status_macros.h"

namespace makeover {

absl::StatusOr<Edit> DecideChange(const View& view, JobId id, JobChange change,
                                  absl::string_view verb, std::optional<JobState> fine) {
  if (view.scheduler.state().jobs.count(id) > 0) return (view.scheduler.*change)(id, view.now);
  MK_ASSIGN_OR_RETURN(const Job job, FindJob(view, id));
  if (fine.has_value() && job.state == *fine) return Edit{};
  return errors::JobHasEnded(id, job.state, verb);
}

}  // namespace makeover
