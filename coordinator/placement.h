// Which task goes where: the order of the queue and the fit of devices.
#pragma once

#include <string>
#include <vector>

#include "coordinator/scheduler_settings.h"
#include "coordinator/scheduler_state.h"

namespace makeover {

struct Placement {
  TaskKey task;
  std::string worker;
  std::vector<std::string> devices;  // Empty: the task needs none.
};

// Everything that can begin now.
//
// Order: the higher priority; then the owner who has the fewer devices; then the older job. The
// first job that needs more devices than any worker has free reserves the worker on which it
// could run: nothing that comes after it takes a device there. A conversion may have
// settings.shares_per_device tasks on a device, so that one is fetched while another runs, as long
// as no other job that comes before it waits for a device.
std::vector<Placement> PlaceTasks(const SchedulerState& state, const SchedulerSettings& settings,
                                  TimeMs now);

// May tasks of these jobs begin at all, devices apart: wished, not HELD, nothing to wait for?
bool IsReady(const SchedulerState& state, const Job& job);

// Takes new tasks at all. A worker without devices is about to end.
bool IsOpen(const Worker& worker);

// Has this task to keep away from this worker? Only while another open worker has enough devices.
bool IsAvoided(const SchedulerState& state, const Job& job, const Task& task,
               const std::string& worker);

}  // namespace makeover
