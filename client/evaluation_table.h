#pragma once

#include <string>

#include "client/terminal.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// The five figures before and after, what the target asks for one by one, and how good the judge
// itself is.
std::string EvaluationTable(const v1::Evaluation& evaluation, const Painter& painter);

}  // namespace makeover
