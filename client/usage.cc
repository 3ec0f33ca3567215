#include "client/usage.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "storage/filter.h"

namespace makeover {
namespace {

// The command that the line had come to, and its words: "mkctl jobs show".
struct Reached {
  CLI::App* app;
  std::string words;
};

Reached Deepest(CLI::App& root) {
  Reached reached{&root, root.get_name()};
  while (!reached.app->get_subcommands().empty()) {
    reached.app = reached.app->get_subcommands().back();
    absl::StrAppend(&reached.words, " ", reached.app->get_name());
  }
  return reached;
}

std::vector<std::string> CommandNames(CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// The long options of a command and of those above it, which it takes too.
std::vector<std::string> OptionNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::string Suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const std::vector<std::string> nearest = NearestNames(word, candidates);
  if (nearest.empty()) return ".";
  return absl::StrCat("; did you mean ", absl::StrJoin(nearest, " or "), "?");
}

std::string ExplainMissingCommand(CLI::App& root, const Reached& reached) {
  const std::vector<std::string> commands = CommandNames(*reached.app);
  for (const std::string& word : root.remaining(true)) {
    if (word.empty() || word.front() == '-') continue;
    return absl::StrCat(reached.words, " has no command \"", word, "\"", Suggestion(word, commands),
                        " It has ", absl::StrJoin(commands, ", "), ".");
  }
  return absl::StrCat(reached.words, " needs a command: ", absl::StrJoin(commands, ", "), ".");
}

std::string ExplainExtras(CLI::App& root, const Reached& reached) {
  const std::vector<std::string> words = root.remaining(true);
  const std::string word = words.empty() ? "" : words.front();
  if (word.empty() || word.front() != '-') {
    return absl::StrCat(reached.words, " does not take \"", word, "\".");
  }
  const std::string option = word.substr(0, word.find('='));
  return absl::StrCat(reached.words, " has no option ", option,
                      Suggestion(option, OptionNames(reached.app)));
}

bool NeedsCommand(const CLI::App& app) {
  return app.get_require_subcommand_min() > 0 && app.get_subcommands().empty();
}

}  // namespace

std::string ExplainUsage(CLI::App& app, const CLI::Error& error) {
  const Reached reached = Deepest(app);
  std::string sentence;
  if (NeedsCommand(*reached.app)) {
    sentence = ExplainMissingCommand(app, reached);
  } else if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    sentence = ExplainExtras(app, reached);
  } else {
    const std::string what = error.what();
    sentence = absl::StrCat(reached.words, ": ", absl::StripSuffix(what, "."), ".");
  }
  return absl::StrCat(sentence, " \"", reached.words, " --help\" shows how it is used.");
}

}  // namespace makeover
