#include "client/model_export.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/child.h"
#include "client/exit_status.h"
#include "client/transfer.h"
#include "client/units.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

// A file that goes away with the object.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() { unlink(path_.c_str()); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

std::string EnginePath() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string() +
         "/mkengine";
}

absl::Status NoEngine(const ExportOptions& options, const std::string& engine) {
  return absl::FailedPreconditionError(absl::StrCat(
      "Writing ", options.format, " takes mkengine, which is not at ", engine,
      ". Where it is installed, run \"mkctl models export ", options.model,
      " --out checkpoint.safetensors\" and then \"mkengine export --model checkpoint.safetensors "
      "--format ",
      options.format, " --out ", options.file, "\"."));
}

// What an event `error` means, OK for every other line. A full disk is the same refusal whether it
// is met here or by mkengine.
absl::Status ErrorIn(const std::string& line) {
  google::protobuf::Struct event;
  if (!google::protobuf::util::JsonStringToMessage(line, &event).ok()) return absl::OkStatus();
  const auto text = [&event](const char* key) {
    const auto found = event.fields().find(key);
    return found == event.fields().end() ? std::string() : found->second.string_value();
  };
  if (text("event") != "error") return absl::OkStatus();
  const std::string words = absl::StrCat(text("message"), " ", text("advice"));
  return text("class") == "STORAGE" ? absl::ResourceExhaustedError(words)
                                    : absl::InternalError(words);
}

// Runs a program to its end, or to Ctrl-C. Its last word where it fails.
absl::Status RunEngine(Session& session, const std::vector<std::string>& argv) {
  MK_ASSIGN_OR_RETURN(Child child, Child::Start(argv));
  const Interrupt::Scope scope(session.interrupt(), [&child] { child.Signal(SIGTERM); });
  absl::Status error;
  std::string last;
  const int status = child.ReadToEnd([&](const std::string& line) {
    last = line;
    error.Update(ErrorIn(line));
  });
  if (session.interrupt().requested()) return absl::CancelledError("");
  if (status == 0) return absl::OkStatus();
  if (!error.ok()) return error;
  return absl::InternalError(
      absl::StrCat("mkengine ended with status ", status, "; its last line: ", last));
}

absl::Status Convert(Session& session, const v1::Model& model, const ExportOptions& options) {
  const std::string engine = EnginePath();
  if (access(engine.c_str(), X_OK) != 0) return NoEngine(options, engine);
  const Temporary checkpoint(options.file + ".checkpoint");
  MK_RETURN_IF_ERROR(DownloadToFile(session, model.checkpoint(), checkpoint.path(),
                                    absl::StrCat("export ", options.model)));
  std::vector<std::string> argv = {engine,     "export",       "--model", checkpoint.path(),
                                   "--format", options.format, "--out",   options.file,
                                   "--events"};
  if (options.fold) argv.emplace_back("--fold");
  return RunEngine(session, argv);
}

void HintsFor(const Session& session, const ExportOptions& options) {
  if (!options.format.empty()) {
    return session.out.Hint(
        {{"mkctl models export --help", "what the file takes and gives, and the other formats"}});
  }
  session.out.Hint(
      {{absl::StrCat("mkengine convert PHOTOS --model ", options.file, " --out OUT"),
        "use it without a cluster"},
       {absl::StrCat("mkctl models export ", options.model, " --format onnx --out makeover.onnx"),
        "for other programs"}});
}

}  // namespace

CommandResult ExportModel(Session& session, const v1::Model& model, const ExportOptions& options) {
  if (!model.has_checkpoint()) {
    return absl::FailedPreconditionError(absl::StrCat("Model ", options.model,
                                                      " has no checkpoint yet; \"mkctl jobs watch ",
                                                      model.job(), "\" follows its training."));
  }
  MK_RETURN_IF_ERROR(CheckCanBeWritten(options.file));
  if (options.format.empty()) {
    MK_RETURN_IF_ERROR(
        DownloadToFile(session, model.checkpoint(), options.file, "export " + options.model));
  } else {
    MK_RETURN_IF_ERROR(Convert(session, model, options));
  }
  MK_ASSIGN_OR_RETURN(const int64_t bytes, FileSize(options.file));
  session.out.Emit(model, {options.file}, [&](const Painter&, bool) {
    return absl::StrCat("Wrote ", options.file, " (", FormatSize(bytes), ", step ", model.step(),
                        ").\n");
  });
  HintsFor(session, options);
  return ExitStatus::kDone;
}

}  // namespace makeover
