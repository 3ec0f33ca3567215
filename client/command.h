#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/exit_status.h"

namespace makeover {

class Session;

// What a command does: its exit status, or an error for a person.
using CommandResult = absl::StatusOr<ExitStatus>;
using CommandBody = std::function<CommandResult(Session& session)>;

// What the command line chose.
struct Choice {
  CommandBody body;
  bool connects = true;  // false: the command talks to no coordinator
};

// Adds a command below `parent`. `example` stands at the end of its help.
CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& example);

// Adds a noun: a command that has commands.
CLI::App* AddNoun(CLI::App& parent, const std::string& name, const std::string& description);

// Lets `command` run `body`.
void Runs(CLI::App* command, Choice& choice, CommandBody body);

// For an option that names something and has a default: "" is refused, because in a script it is a
// variable that nobody has set, and the default would be something else than what was meant.
CLI::Validator NotEmpty();

// The commands of each file.
void AddUpCommand(CLI::App& app, Choice& choice);
void AddStatusCommand(CLI::App& app, Choice& choice);
void AddDatasetCommands(CLI::App& app, Choice& choice);
void AddTrainCommand(CLI::App& app, Choice& choice);
void AddConvertCommand(CLI::App& app, Choice& choice);
void AddJobCommands(CLI::App& app, Choice& choice);
void AddTensorboardCommand(CLI::App& jobs, Choice& choice);
void AddSamplesCommand(CLI::App& app, Choice& choice);
void AddEvaluateCommand(CLI::App& app, Choice& choice);
void AddModelCommands(CLI::App& app, Choice& choice);
void AddWorkerCommands(CLI::App& app, Choice& choice);
void AddAdminCommands(CLI::App& app, Choice& choice);

}  // namespace makeover
