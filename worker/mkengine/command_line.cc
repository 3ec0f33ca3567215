#include "worker/mkengine/command_line.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "storage/duration.h"
#include "worker/engine/words.h"

namespace makeover {
namespace {

const Option& FindOption(const CommandHelp& command, const std::string& name) {
  std::vector<std::string> names = {"--help"};
  for (const Option& option : command.options) {
    if (option.name == name) return option;
    names.push_back(option.name);
  }
  throw UsageError("There is no option " + name + "." + engine::DidYouMean(name, names) +
                   " `mkengine " + command.name + " --help` lists them.");
}

template <typename Number>
Number ParseNumber(const std::string& name, const std::string& text, Number min, Number max) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !(number >= min && number <= max)) {
    const auto plain = [](Number value) {
      char buffer[64];
      return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
    };
    throw UsageError(name + " cannot be '" + text + "'. Give it a number from " + plain(min) +
                     " to " + plain(max) + ".");
  }
  return number;
}

std::string Padded(const std::string& left, const std::string& right) {
  constexpr size_t kColumn = 30;
  const std::string gap = left.size() + 3 > kColumn ? "\n" + std::string(kColumn, ' ')
                                                    : std::string(kColumn - 2 - left.size(), ' ');
  return "  " + left + gap + right + "\n";
}

}  // namespace

Arguments Arguments::Parse(const CommandHelp& command, const std::vector<std::string>& words) {
  Arguments arguments;
  bool options_end = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (options_end || word.size() < 2 || word[0] != '-') {
      arguments.operands_.push_back(word);
      continue;
    }
    if (word == "--") {
      options_end = true;
      continue;
    }
    const size_t equals = word.rfind("--", 0) == 0 ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    const Option& option = FindOption(command, name);
    std::vector<std::string>& values = arguments.values_[option.name];
    if (!values.empty() && !option.repeats)
      throw UsageError(option.name + " is given twice. Give it once.");
    if (option.value.empty()) {
      if (equals != std::string::npos)
        throw UsageError(option.name + " takes no value. Leave out the '='.");
      values.emplace_back();
    } else if (equals != std::string::npos) {
      values.push_back(word.substr(equals + 1));
    } else if (i + 1 < words.size()) {
      values.push_back(words[++i]);
    } else {
      throw UsageError(option.name + " needs a value: " + option.name + " " + option.value + ".");
    }
  }
  if (command.operands.empty() && !arguments.operands_.empty()) {
    throw UsageError("mkengine " + command.name + " does not know what to do with '" +
                     arguments.operands_[0] + "'. `mkengine " + command.name +
                     " --help` shows its use.");
  }
  return arguments;
}

std::string Arguments::Text(const std::string& name, const std::string& fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : found->second.front();
}

std::vector<std::string> Arguments::All(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

int64_t Arguments::Integer(const std::string& name, int64_t fallback, int64_t min,
                           int64_t max) const {
  return Has(name) ? ParseNumber<int64_t>(name, Text(name), min, max) : fallback;
}

double Arguments::Number(const std::string& name, double fallback, double min, double max) const {
  return Has(name) ? ParseNumber<double>(name, Text(name), min, max) : fallback;
}

double Arguments::Duration(const std::string& name, double fallback) const {
  if (!Has(name)) return fallback;
  const std::optional<double> seconds = ParseSeconds(Text(name));
  if (seconds.has_value() && *seconds > 0) return *seconds;
  throw UsageError(name + " cannot be '" + Text(name) +
                   "'. Give it a time such as 90s, 20m, 2h or 1h30m, at most a year.");
}

std::string Arguments::Choice(const std::string& name, const std::string& fallback,
                              const std::vector<std::string>& choices) const {
  const std::string text = Text(name, fallback);
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return text;
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  throw UsageError(name + " cannot be '" + text + "'." + engine::DidYouMean(text, choices) +
                   " Give it one of " + list + ".");
}

std::string HelpOfCommand(const CommandHelp& command) {
  std::string text = command.summary + "\n\nUsage:\n  mkengine " + command.name;
  if (!command.operands.empty()) text += " " + command.operands;
  text += " [options]\n\nOptions:\n";
  for (const Option& option : command.options) {
    text += Padded(option.name + (option.value.empty() ? "" : " " + option.value), option.help);
  }
  text += Padded("--help", "show this");
  if (!command.notes.empty()) text += "\n" + command.notes;
  text += "\nExamples:\n";
  for (const std::string& example : command.examples) text += "  " + example + "\n";
  return text;
}

std::string HelpOfProgram(const std::vector<CommandHelp>& commands) {
  std::string text =
      "mkengine trains face makeovers and converts pictures on this machine.\n\nUsage:\n"
      "  mkengine COMMAND [options]\n\nCommands:\n";
  for (const CommandHelp& command : commands) text += Padded(command.name, command.summary);
  return text +
         "\n`mkengine COMMAND --help` explains one. Exit status: 0 done; 1 failed; 2 usage; 3 "
         "stopped by a signal\n"
         "with everything saved. With --events stdout carries one JSON object a line.\n";
}

}  // namespace makeover
