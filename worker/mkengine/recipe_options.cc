#include "worker/mkengine/recipe_options.h"

#include <string>

#include "worker/engine/error.h"

namespace makeover {
namespace {

// What is wrong with a recipe or setting that the command line names is wrong with the command
// line.
template <typename Work>
auto AsUsage(const Work& work) {
  try {
    return work();
  } catch (const engine::EngineError& error) {
    throw UsageError(std::string(error.what()) + " " + error.advice());
  }
}

}  // namespace

engine::Config RecipeOf(const Arguments& arguments) {
  const std::string recipe = arguments.Text("--recipe", engine::RecipeNames().front());
  return AsUsage([&recipe] { return engine::RecipeDefaults(recipe); });
}

void ApplySettings(const Arguments& arguments, engine::Config* config) {
  for (const std::string& setting : arguments.All("--set"))
    AsUsage([&] { engine::ApplySetting(setting, config); });
}

}  // namespace makeover
