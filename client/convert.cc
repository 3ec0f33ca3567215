#include <memory>

#include "client/command.h"
#include "client/convert_run.h"

namespace makeover {
namespace {

absl::Status CannotAlign() {
  return absl::FailedPreconditionError(
      "--align auto is not possible yet, because this version does not look for faces: give "
      "pictures whose faces lie as in aligned CelebA, with --align none.");
}

}  // namespace

void AddConvertCommand(CLI::App& app, Choice& choice) {
  CLI::App* command =
      AddCommand(app, "convert", "Converts photos; run again it does only what is not done yet",
                 "mkctl convert ~/photos --model blond --out ~/photos-blond");
  auto options = std::make_shared<ConvertOptions>();
  auto align = std::make_shared<std::string>("none");
  command->add_option("PATH", options->paths, "Pictures and folders of pictures")
      ->required()
      ->expected(-1);
  command
      ->add_option("--model", options->model,
                   "MODEL or MODEL@STEP; default: the newest finished one")
      ->check(NotEmpty());
  command->add_option("--out", options->out, "The folder to write to; default: PATH-makeover");
  command->add_option("--strength", options->strength, "How much is changed, 0 to 1 (1)")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--align", *align,
                   "none: the faces lie as those that the model was trained with")
      ->check(CLI::IsMember({"auto", "none"}));
  command->add_flag("--recursive", options->recursive, "Also what lies in folders below");
  command->add_flag("--detach", options->detach,
                    "Do not wait: the same command without it fetches the results");
  command->add_option("--priority", options->priority, "Higher goes first (0)");
  Runs(command, choice, [options, align](Session& session) -> CommandResult {
    if (*align != "none") return CannotAlign();
    return ConvertPaths(session, *options);
  });
}

}  // namespace makeover
