#include "coordinator/wanted.h"

#include "coordinator/job_state.h"

namespace makeover {
namespace {

void Mix(uint32_t number, uint64_t& hash) {
  for (int shift = 0; shift < 32; shift += 8) {
    hash ^= (number >> shift) & 0xFF;
    hash *= 0x100000001B3;
  }
}

bool IsHandedOver(const Job& job, const Worker& worker) {
  return worker.mode == WorkerMode::kDraining && job.kind == JobKind::kTrain;
}

}  // namespace

bool IsWanted(const SchedulerState& state, const Task& task) {
  const Job& job = state.jobs.at(task.job);
  if (job.wish != JobWish::kRun || job.state == JobState::kCancelling) return false;
  return !IsHandedOver(job, state.workers.at(task.worker));
}

uint64_t VersionOf(const std::vector<Task>& tasks) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const Task& task : tasks) {
    Mix(task.job, hash);
    Mix(task.index, hash);
    Mix(task.attempt, hash);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace makeover
