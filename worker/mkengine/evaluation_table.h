// An evaluation as a person reads it.
#pragma once

#include <string>

#include "worker/engine/json.h"

namespace makeover {

// From the JSON that `mkengine evaluate -o json` prints.
std::string EvaluationTable(const Json& evaluation);

}  // namespace makeover
