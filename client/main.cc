#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/command.h"
#include "client/session.h"
#include "client/usage.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr const char* kVersion = "mkctl " MAKEOVER_VERSION;

struct GlobalOptions {
  std::string server;
  OutputForm form = OutputForm::kTable;
};

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  static const std::map<std::string, OutputForm> kForms = {{"table", OutputForm::kTable},
                                                           {"wide", OutputForm::kWide},
                                                           {"json", OutputForm::kJson},
                                                           {"name", OutputForm::kName}};
  app.add_option("--server", options.server,
                 "HOST:PORT of the coordinator; else MKCTL_SERVER, else what \"mkctl up\" wrote");
  app.add_option_function<std::string>(
         "-o,--output", [&options](const std::string& form) { options.form = kForms.at(form); },
         "table, wide, json or name")
      ->check(CLI::IsMember({"table", "wide", "json", "name"}))
      ->type_name("FORM");
}

void AddCommands(CLI::App& app, Choice& choice) {
  AddUpCommand(app, choice);
  AddStatusCommand(app, choice);
  AddDatasetCommands(app, choice);
  AddTrainCommand(app, choice);
  AddConvertCommand(app, choice);
  AddJobCommands(app, choice);
  AddSamplesCommand(app, choice);
  AddModelCommands(app, choice);
  AddEvaluateCommand(app, choice);
  AddWorkerCommands(app, choice);
  AddAdminCommands(app, choice);
}

// Of gRPC's long chain of causes the last one: "Connection refused", "Domain name not found".
std::string Cause(const absl::Status& status) {
  const std::string message(status.message());
  const bool chain = absl::StartsWith(message, "failed to connect") ||
                     absl::StartsWith(message, "DNS resolution failed");
  const size_t colon = message.rfind(": ");
  return chain && colon != std::string::npos ? message.substr(colon + 2) : message;
}

std::string Explain(const absl::Status& status, const std::string& server) {
  if (ExitStatusOf(status) != ExitStatus::kUnreachable) return std::string(status.message());
  return absl::StrCat("No coordinator answers at ", server, " (", Cause(status),
                      "). Start one with \"mkctl up\", or name another one with --server HOST:PORT "
                      "or MKCTL_SERVER.");
}

int Fail(const absl::Status& status, const Session& session) {
  const ExitStatus exit_status = ExitStatusOf(status);
  if (exit_status != ExitStatus::kInterrupted || !status.message().empty()) {
    const std::string sentence = Harmless(Explain(status, session.server()));
    const std::string line =
        absl::StrCat(session.out.error_painter().Red("error:"), " ", sentence, "\n");
    std::fputs(line.c_str(), stderr);
  }
  return static_cast<int>(exit_status);
}

int Run(const Choice& choice, const GlobalOptions& options) {
  const Output output(options.form, DetectTerminal(STDOUT_FILENO), DetectTerminal(STDERR_FILENO));
  Session session(options.server, output, ProcessEnvironment);
  if (choice.connects) {
    if (const absl::Status connected = session.Connect(); !connected.ok()) {
      return Fail(connected, session);
    }
  }
  const CommandResult result = choice.body(session);
  return result.ok() ? static_cast<int>(*result) : Fail(result.status(), session);
}

int Main(int argc, char** argv) {
  CLI::App app("Trains face makeovers and converts photos on a cluster.", "mkctl");
  GlobalOptions options;
  Choice choice;
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", kVersion);
  AddGlobalOptions(app, options);
  AddCommands(app, choice);
  app.footer("Begin with \"mkctl up\"; each command has its own --help with an example.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const Painter painter(DetectTerminal(STDERR_FILENO).colour);
    const std::string sentence = Harmless(ExplainUsage(app, error));
    std::fputs(absl::StrCat(painter.Red("error:"), " ", sentence, "\n").c_str(), stderr);
    return static_cast<int>(ExitStatus::kUsage);
  }
  return Run(choice, options);
}

// A result that nobody has got is a failure.
int CheckOutputWritten() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  std::fputs("error: Not all of the output could be written: is the disk full?\n", stderr);
  return static_cast<int>(ExitStatus::kFailed);
}

}  // namespace
}  // namespace makeover

int main(int argc, char** argv) {
  const int exit_status = makeover::Main(argc, argv);
  return exit_status == 0 ? makeover::CheckOutputWritten() : exit_status;
}
