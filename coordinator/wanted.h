#pragma once

#include <cstdint>
#include <vector>

#include "coordinator/scheduler_state.h"

namespace makeover {

// Should this leased task go on where it runs? No: its job is paused or ending, or its worker
// drains and hands training over.
bool IsWanted(const SchedulerState& state, const Task& task);

// Names a set of leases: equal sets have equal versions, others almost surely not (FNV-1a, 64
// bits). Never 0.
uint64_t VersionOf(const std::vector<Task>& tasks);

}  // namespace makeover
