// --recipe and --set: how a training is made. Free of LibTorch's headers.
#pragma once

#include "worker/engine/config.h"
#include "worker/mkengine/command_line.h"

namespace makeover {

// The defaults of --recipe, or of makeover where it is absent. Throws UsageError.
engine::Config RecipeOf(const Arguments& arguments);

// Every --set KEY=VALUE, in their order. Throws UsageError.
void ApplySettings(const Arguments& arguments, engine::Config* config);

}  // namespace makeover
