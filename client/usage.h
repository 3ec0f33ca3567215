#pragma once

#include <CLI/App.hpp>
#include <string>

namespace makeover {

// What is wrong with a command line, for a person: what, why, and what to do. Names the nearest
// command or option where one is misspelt. `app` has failed to parse with `error`.
std::string ExplainUsage(CLI::App& app, const CLI::Error& error);

}  // namespace makeover
