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

CLI::Validator NotEmpty() {
  const auto check = [](const std::string& text) {
    return std::string(text.empty() ? "\"\" is no name: is a variable not set?" : "");
  };
  return CLI::Validator(check, "", "");
}

}  // namespace makeover
