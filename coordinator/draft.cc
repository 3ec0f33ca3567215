#include "coordinator/draft.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace makeover {
namespace {

template <typename Map, typename Key>
auto* FindIn(const Map& over, const Map& base, const Key& key) {
  auto it = over.find(key);
  if (it != over.end()) return &it->second;
  it = base.find(key);
  return it == base.end() ? nullptr : &it->second;
}

template <typename Map, typename Key>
auto& CopyOnce(Map& over, const Map& base, const Key& key) {
  auto it = over.find(key);
  if (it == over.end()) it = over.emplace(key, base.at(key)).first;
  return it->second;
}

template <typename Map, typename Record>
void MoveValues(Map& map, std::vector<Record>& out) {
  for (auto& [key, record] : map) out.push_back(std::move(record));
}

Failure DependencyFailure(const Job& ended) {
  const char* how = ended.state == JobState::kCancelled ? " was cancelled" : " failed";
  return {FailureClass::kUser, "AFTER_JOB_FAILED",
          absl::StrCat("The job was to run after job ", ended.id, ", which", how, "."),
          absl::StrCat("See why with \"mkctl jobs show ", ended.id,
                       "\"; when that is mended, retry it, then submit this job again.")};
}

}  // namespace

const Job* Draft::FindJob(JobId id) const { return FindIn(jobs_, base_.jobs, id); }

const Task* Draft::FindTask(const TaskKey& key) const { return FindIn(tasks_, base_.tasks, key); }

const Worker* Draft::FindWorker(const std::string& name) const {
  return FindIn(workers_, base_.workers, name);
}

std::vector<TaskKey> Draft::TasksOf(JobId job) const {
  std::set<TaskKey> keys;
  const TaskKey first{job, 0};
  for (auto it = base_.tasks.lower_bound(first); it != base_.tasks.end(); ++it) {
    if (it->first.first != job) break;
    keys.insert(it->first);
  }
  for (auto it = tasks_.lower_bound(first); it != tasks_.end() && it->first.first == job; ++it) {
    keys.insert(it->first);
  }
  return {keys.begin(), keys.end()};
}

TaskCounts Draft::CountTasks(JobId job) const {
  TaskCounts counts;
  for (const TaskKey& key : TasksOf(job)) counts.Add(FindTask(key)->state);
  return counts;
}

Job& Draft::ChangeJob(JobId id) { return CopyOnce(jobs_, base_.jobs, id); }

Task& Draft::ChangeTask(const TaskKey& key) { return CopyOnce(tasks_, base_.tasks, key); }

Worker& Draft::ChangeWorker(const std::string& name) {
  return CopyOnce(workers_, base_.workers, name);
}

void Draft::Put(Job job) { jobs_[job.id] = std::move(job); }

void Draft::Put(Task task) { tasks_[KeyOf(task)] = std::move(task); }

void Draft::Put(Worker worker) { workers_[worker.name] = std::move(worker); }

void Draft::EndLease(const TaskKey& key, AttemptOutcome outcome, const Failure& failure,
                     TimeMs now) {
  Task& task = ChangeTask(key);
  rest_.attempts.push_back({.job = task.job,
                            .task = task.index,
                            .attempt = task.attempt,
                            .worker = std::exchange(task.worker, {}),
                            .devices = std::exchange(task.devices, {}),
                            .start_ms = task.leased_ms,
                            .end_ms = now,
                            .outcome = outcome,
                            .failure = failure});
}

Edit Draft::Finish(TimeMs now) {
  std::set<JobId> touched;
  for (const auto& [id, job] : jobs_) touched.insert(id);
  for (const auto& [key, task] : tasks_) touched.insert(key.first);
  while (!touched.empty()) {
    const JobId id = *touched.begin();
    touched.erase(touched.begin());
    Settle(id, now, touched);
  }
  MoveValues(jobs_, rest_.jobs);
  MoveValues(tasks_, rest_.tasks);
  MoveValues(workers_, rest_.workers);
  return std::move(rest_);
}

void Draft::Settle(JobId id, TimeMs now, std::set<JobId>& touched) {
  const Job& before = *FindJob(id);
  if (IsEnding(before.wish, CountTasks(id))) CancelWhatHasNotBegun(id);
  Job after = before;
  after.state = StateOfJob(after.wish, CountTasks(id));
  if (after.state == JobState::kRunning && after.start_ms == 0) after.start_ms = now;
  if (IsTerminal(after.state) && after.end_ms == 0) after.end_ms = now;
  const Failure* failure = FailureOf(id);
  after.failure = failure == nullptr ? Failure{} : *failure;
  if (IsTerminal(after.state)) FailDependents(after, touched);
  if (after != before) Put(std::move(after));
}

void Draft::CancelWhatHasNotBegun(JobId id) {
  for (const TaskKey& key : TasksOf(id)) {
    const TaskState state = FindTask(key)->state;
    if (state == TaskState::kPending || state == TaskState::kHeld) {
      ChangeTask(key).state = TaskState::kCancelled;
    }
  }
}

const Failure* Draft::FailureOf(JobId id) const {
  for (const TaskKey& key : TasksOf(id)) {
    const Task& task = *FindTask(key);
    if (task.state == TaskState::kFailed || task.state == TaskState::kHeld) return &task.failure;
  }
  return nullptr;
}

void Draft::FailDependents(const Job& ended, std::set<JobId>& touched) {
  if (ended.state == JobState::kSucceeded) return;
  std::set<JobId> live;
  for (const auto& [id, job] : base_.jobs) live.insert(id);
  for (const auto& [id, job] : jobs_) live.insert(id);
  for (const JobId id : live) {
    const Job& job = *FindJob(id);
    if (job.after_job != ended.id || IsTerminal(job.state)) continue;
    // Its tasks have not begun: one of them carries the failure, the others are cancelled with it.
    Task& task = ChangeTask({id, 0});
    task.state = TaskState::kFailed;
    task.failure = DependencyFailure(ended);
    touched.insert(id);
  }
}

}  // namespace makeover
