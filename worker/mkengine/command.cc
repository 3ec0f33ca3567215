#include "worker/mkengine/command.h"

#include <filesystem>
#include <system_error>

#include "worker/engine/version.h"

namespace makeover {

std::vector<Option> ComputeOptions() {
  return {{"--device", "D", "auto (default), cpu or cuda:0"},
          {"--precision", "P", "auto (default), fp32 or bf16"},
          {"--threads", "N", "of the processor; 0 (default) takes all"}};
}

engine::Compute ComputeOf(const Arguments& arguments, const std::string& precision) {
  const std::string chosen = arguments.Choice("--precision", precision, {"auto", "fp32", "bf16"});
  return engine::ChooseCompute(arguments.Text("--device", "auto"), chosen, ThreadsOf(arguments));
}

int ThreadsOf(const Arguments& arguments) {
  const auto threads = static_cast<int>(arguments.Integer("--threads", 0, 0, 1024));
  return threads > 0 ? threads : engine::UsableProcessors();
}

void RequireOwnFile(const Arguments& arguments, const std::string& written,
                    const std::vector<std::string>& read) {
  for (const std::string& option : read) {
    std::error_code error;  // of what is not there
    if (!std::filesystem::equivalent(arguments.Text(written), arguments.Text(option), error))
      continue;
    throw UsageError(written + " " + arguments.Text(written) + " is the file that " + option +
                     " names, and would replace it: choose another.");
  }
}

void RequireFolderOf(const Arguments& arguments, const std::string& written) {
  const std::string folder = std::filesystem::path(arguments.Text(written)).parent_path().string();
  std::error_code error;  // of what is not there
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return;
  throw UsageError(written + " " + arguments.Text(written) +
                   " cannot be written: there is no folder " + folder +
                   ". Make it, or choose another.");
}

void EmitStart(const std::string& command, const engine::Compute& compute,
               const Surroundings& around) {
  around.events->Emit(Json::Object{{"event", "start"},
                                   {"command", command},
                                   {"device", compute.device},
                                   {"precision", engine::PrecisionName(compute.precision)},
                                   {"threads", compute.threads},
                                   {"version", engine::kVersion}});
}

}  // namespace makeover
