// A small table-driven command line, so that mkengine needs no library for it. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace makeover {

// A command line that cannot be meant; what() says what is wrong and what to do. Exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Option {
  std::string name;      // with its dashes: "--steps"
  std::string value;     // what stands behind it in the help: "N"; empty: a switch
  std::string help;      // one line
  bool repeats = false;  // may be given more than once
};

struct CommandHelp {
  std::string name;      // "train"
  std::string summary;   // one line
  std::string operands;  // "DIR"; empty: none are taken
  std::vector<Option> options;
  std::vector<std::string> examples;  // command lines
  std::string notes;                  // free text behind the options; may be empty
};

// What was given to a command.
class Arguments {
 public:
  // Throws UsageError for options that the command does not have (with the nearest named), values
  // that are missing, switches with a value, repeated options and operands where none are taken.
  // "--" ends the options.
  static Arguments Parse(const CommandHelp& command, const std::vector<std::string>& words);

  const std::vector<std::string>& operands() const { return operands_; }
  bool Has(const std::string& name) const { return values_.count(name) > 0; }
  std::string Text(const std::string& name, const std::string& fallback = "") const;
  std::vector<std::string> All(const std::string& name) const;
  // Throw UsageError where the text is no such number or is out of range.
  int64_t Integer(const std::string& name, int64_t fallback, int64_t min, int64_t max) const;
  double Number(const std::string& name, double fallback, double min, double max) const;
  // Seconds of "90", "90s", "5m", "2h", "1h30m" or "1d", more than 0. Throws UsageError.
  double Duration(const std::string& name, double fallback) const;
  // Throws UsageError where the text is none of the choices.
  std::string Choice(const std::string& name, const std::string& fallback,
                     const std::vector<std::string>& choices) const;

 private:
  std::vector<std::string> operands_;
  std::map<std::string, std::vector<std::string>> values_;
};

std::string HelpOfCommand(const CommandHelp& command);
std::string HelpOfProgram(const std::vector<CommandHelp>& commands);

}  // namespace makeover
