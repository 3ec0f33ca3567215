#include "client/command.h"

#include <utility>

namespace makeover {

CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& example) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->footer("Example:\n  " + example);
  return command;
}

CLI::App* AddNoun(CLI::App& parent, const std::string& name, const std::string& description) {
  CLI::App* noun = parent.add_subcommand(name, description);
  noun->require_subcommand(1);
  return noun;
}

void Runs(CLI::App* command, Choice& choice, CommandBody body) {
  command->callback([&choice, body = std::move(body)] { choice.body = body; });
}

}  // namespace makeover
