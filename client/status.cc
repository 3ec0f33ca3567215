#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/command.h"
#include "client/job_view.h"
#include "client/session.h"
#include "client/table.h"
#include "client/units.h"
#include "client/worker_view.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr std::chrono::seconds kRefreshInterval{2};

absl::StatusOr<v1::Status> GetStatus(Session& session) {
  return Call(session.admin(), &v1::AdminService::StubInterface::GetStatus, v1::GetStatusRequest());
}

std::string JobCounts(const v1::Status& status, const Painter& painter) {
  std::vector<std::string> parts;
  for (int state = v1::Job::State_MIN; state <= v1::Job::State_MAX; ++state) {
    const std::string name = v1::Job::State_Name(static_cast<v1::Job::State>(state));
    const auto found = status.jobs_by_state().find(name);
    if (found == status.jobs_by_state().end() || found->second == 0) continue;
    parts.push_back(absl::StrCat(found->second, " ", painter.State(name)));
  }
  return parts.empty() ? "none" : absl::StrJoin(parts, ", ");
}

std::string StatusText(const v1::Status& status, const Session& session, const Painter& painter,
                       bool wide) {
  KeyValues lines;
  lines.Add("Coordinator", absl::StrCat(session.server(), "  version ", status.version()));
  lines.Add("Data", absl::StrCat(status.data_dir(), "  ", FormatSize(status.blob_bytes()),
                                 " in blobs, ", FormatSize(status.free_bytes()), " free"));
  lines.Add("Datasets", absl::StrCat(status.datasets()));
  lines.Add("Models", absl::StrCat(status.models()));
  lines.Add("Jobs", JobCounts(status, painter));
  std::string text = absl::StrCat(lines.ToString(painter), "\n",
                                  WorkerTable({status.workers().begin(), status.workers().end()},
                                              session.Now(), painter, wide));
  if (!status.jobs().empty()) {
    absl::StrAppend(
        &text, "\n",
        JobTable({status.jobs().begin(), status.jobs().end()}, session.Now(), painter, wide));
  }
  return text;
}

void Emit(const Session& session, const v1::Status& status) {
  std::vector<std::string> ids;
  for (const v1::Job& job : status.jobs()) ids.push_back(absl::StrCat(job.id()));
  session.out.Emit(status, ids, [&](const Painter& painter, bool wide) {
    return StatusText(status, session, painter, wide);
  });
}

// Until Ctrl-C; a coordinator that is away for a while is awaited.
CommandResult Watch(Session& session, bool moving) {
  const Interrupt::Scope scope(session.interrupt(), nullptr);
  do {
    const absl::StatusOr<v1::Status> status = GetStatus(session);
    if (!status.ok() && status.status().code() != absl::StatusCode::kUnavailable) {
      return status.status();
    }
    if (moving) std::fputs("\x1b[H\x1b[2J", stdout);
    if (status.ok()) {
      Emit(session, *status);
    } else {
      session.out.Note(absl::StrCat("No answer from ", session.server(), "; trying again."));
    }
  } while (session.interrupt().Sleep(kRefreshInterval));
  return ExitStatus::kInterrupted;
}

CommandResult Show(Session& session) {
  MK_ASSIGN_OR_RETURN(const v1::Status status, GetStatus(session));
  Emit(session, status);
  return ExitStatus::kDone;
}

}  // namespace

void AddStatusCommand(CLI::App& app, Choice& choice) {
  CLI::App* command = AddCommand(app, "status", "Shows the cluster at a glance", "mkctl status -w");
  auto watch = std::make_shared<bool>(false);
  command->add_flag("-w,--watch", *watch, "Keep it fresh until Ctrl-C");
  Runs(command, choice, [watch](Session& session) {
    return *watch ? Watch(session, DetectTerminal(1).moving) : Show(session);
  });
}

}  // namespace makeover
