#include "absl/strings/str_cat.h"
#include "client/command.h"
#include "client/progress.h"
#include "client/session.h"
#include "client/units.h"
#include "storage/atomic_file.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

// Prints no more problems than a person reads; JSON has all.
constexpr int kProblemsShown = 50;

CommandResult Backup(Session& session, const std::string& path) {
  grpc::ClientContext context;
  absl::StatusOr<AtomicFile> created = AtomicFile::Create(path);
  if (!created.ok()) return AsLocalError(created.status());
  AtomicFile& file = *created;
  const auto stream = session.admin().Backup(&context, v1::BackupRequest());
  v1::BackupResponse response;
  int64_t bytes = 0;
  absl::Status written;
  while (written.ok() && stream->Read(&response)) {
    written = file.Append(response.data());
    bytes += static_cast<int64_t>(response.data().size());
  }
  if (!written.ok()) context.TryCancel();
  const grpc::Status finished = stream->Finish();
  MK_RETURN_IF_ERROR(AsLocalError(written));
  MK_RETURN_IF_ERROR(FromGrpcStatus(finished));
  MK_RETURN_IF_ERROR(AsLocalError(file.Commit()));
  response.Clear();
  session.out.Emit(response, {path}, [&](const Painter&, bool) {
    return absl::StrCat("Wrote the catalog to ", path, " (", FormatSize(bytes), ").\n");
  });
  session.out.Hint({{"mkctl admin verify", "check what is stored"}});
  return ExitStatus::kDone;
}

std::string VerifyText(const v1::VerifyResponse& verdict, const Painter& painter) {
  std::string text;
  for (int i = 0; i < verdict.problems_size() && i < kProblemsShown; ++i) {
    absl::StrAppend(&text, painter.Red("problem: "), Harmless(verdict.problems(i)), "\n");
  }
  if (verdict.problems_size() > kProblemsShown) {
    absl::StrAppend(&text, "... and ", verdict.problems_size() - kProblemsShown, " more.\n");
  }
  absl::StrAppend(&text, verdict.problems().empty() ? painter.Green("All is well: ") : "Checked ",
                  Plural(verdict.catalog_rows(), "row"), " and ",
                  Plural(verdict.blobs_done(), "blob"), ".\n");
  return text;
}

CommandResult Verify(Session& session) {
  grpc::ClientContext context;
  const auto stream = session.admin().Verify(&context, v1::VerifyRequest());
  v1::VerifyResponse response;
  v1::VerifyResponse verdict;
  {
    ProgressLine line(stderr, session.out.error_terminal(), false);
    while (stream->Read(&response)) {
      if (response.finished()) verdict = response;
      line.Update({"verify", static_cast<double>(response.blobs_done()),
                   static_cast<double>(response.blobs_total()), "blobs", 0, -1, ""});
    }
  }
  MK_RETURN_IF_ERROR(FromGrpcStatus(stream->Finish()));
  if (!verdict.finished()) {
    return absl::InternalError("The coordinator ended the check without a verdict; try again.");
  }
  session.out.Emit(verdict, {verdict.problems().begin(), verdict.problems().end()},
                   [&](const Painter& painter, bool) { return VerifyText(verdict, painter); });
  return verdict.problems().empty() ? ExitStatus::kDone : ExitStatus::kFailed;
}

CommandResult CollectGarbage(Session& session, std::optional<double> grace_seconds) {
  v1::CollectGarbageRequest request;
  if (grace_seconds) request.set_grace_seconds(static_cast<uint32_t>(*grace_seconds));
  MK_ASSIGN_OR_RETURN(
      const v1::CollectGarbageResponse freed,
      Call(session.admin(), &v1::AdminService::StubInterface::CollectGarbage, request));
  session.out.Emit(freed, {absl::StrCat(freed.blobs_deleted())}, [&](const Painter&, bool) {
    return absl::StrCat("Deleted ", Plural(freed.blobs_deleted(), "blob"), ", ",
                        FormatSize(freed.bytes_freed()), ".\n");
  });
  session.out.Hint({{"mkctl status", "how much is free now"}});
  return ExitStatus::kDone;
}

}  // namespace

void AddAdminCommands(CLI::App& app, Choice& choice) {
  CLI::App* admin = AddNoun(app, "admin", "Upkeep of the coordinator's data");
  CLI::App* backup =
      AddCommand(*admin, "backup", "Writes a consistent copy of the catalog to a file",
                 "mkctl admin backup catalog-backup.db");
  auto path = std::make_shared<std::string>();
  backup->add_option("FILE", *path, "The file to write")->required();
  Runs(backup, choice, [path](Session& session) { return Backup(session, *path); });

  CLI::App* verify = AddCommand(*admin, "verify", "Reads and checks everything that is stored",
                                "mkctl admin verify");
  Runs(verify, choice, Verify);

  CLI::App* gc = AddCommand(*admin, "gc", "Deletes blobs that nothing refers to any more",
                            "mkctl admin gc --grace 1h");
  auto grace = std::make_shared<std::string>();
  gc->add_option("--grace", *grace, "Only blobs older than this; default: a day");
  Runs(gc, choice, [grace](Session& session) -> CommandResult {
    if (grace->empty()) return CollectGarbage(session, {});
    MK_ASSIGN_OR_RETURN(const double seconds, ParseDuration(*grace));
    return CollectGarbage(session, seconds);
  });
}

}  // namespace makeover
