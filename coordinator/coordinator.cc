#include "coordinator/coordinator.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "coordinator/consequences.h"
#include "coordinator/limits.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status Stopping() {
  return absl::UnavailableError("The coordinator is stopping: try again when it is back.");
}

std::set<JobId> JobsOf(const Edit& edit) {
  std::set<JobId> jobs;
  for (const Job& job : edit.jobs) jobs.insert(job.id);
  for (const Task& task : edit.tasks) jobs.insert(task.job);
  for (const Metric& metric : edit.metrics) jobs.insert(metric.job);
  for (const Sample& sample : edit.samples) jobs.insert(sample.job);
  for (const Checkpoint& checkpoint : edit.checkpoints) jobs.insert(checkpoint.job);
  return jobs;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Coordinator>> Coordinator::Start(Catalog* catalog,
                                                                ProgressBoard* board, WatchHub* hub,
                                                                CoordinatorOptions options) {
  MK_ASSIGN_OR_RETURN(Snapshot snapshot, catalog->Load());
  std::unique_ptr<Coordinator> coordinator(
      new Coordinator(catalog, board, hub, std::move(options)));
  coordinator->scheduler_.Load(std::move(snapshot), coordinator->NowMs());
  MK_RETURN_IF_ERROR(coordinator->scheduler_.SanityCheck());
  coordinator->thread_ = std::thread([raw = coordinator.get()] { raw->Loop(); });
  return coordinator;
}

Coordinator::Coordinator(Catalog* catalog, ProgressBoard* board, WatchHub* hub,
                         CoordinatorOptions options)
    : catalog_(catalog),
      board_(board),
      hub_(hub),
      options_(std::move(options)),
      scheduler_(options_.scheduler) {}

Coordinator::~Coordinator() { Stop(); }

void Coordinator::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status Coordinator::Run(Decision decision) {
  absl::Notification answered;
  absl::Status result = Stopping();
  const bool taken = Enqueue({std::move(decision), [&](const absl::Status& status) {
                                result = status;
                                answered.Notify();
                              }});
  if (taken) answered.WaitForNotification();
  return result;
}

absl::Status Coordinator::Read(const std::function<void(const View&)>& look) {
  return Run([&look](const View& view) {
    look(view);
    return Edit{};
  });
}

void Coordinator::Heartbeat(WorkerHeartbeat heartbeat, std::vector<TaskProgress> progress,
                            TimeMs hang_ms, WantedAnswer answer) {
  const TimeMs hang_max_ms = options_.scheduler.lease_ms / 2;
  Hanging hanging{.worker = heartbeat.worker,
                  .version = heartbeat.wanted_version,
                  .until_ms = NowMs() + std::min(hang_ms, hang_max_ms),
                  .answer = answer};
  const auto decide = [heartbeat = std::move(heartbeat)](const View& view) {
    return view.scheduler.Heartbeat(heartbeat, view.now);
  };
  const auto done = [this, hanging = std::move(hanging),
                     progress = std::move(progress)](const absl::Status& status) {
    if (!status.ok()) return hanging.answer(status);
    ShowProgress(hanging.worker, progress);
    Hang(hanging);
  };
  if (!Enqueue({decide, done})) answer(Stopping());
}

bool Coordinator::Enqueue(Input input) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return false;
  inputs_.push_back(std::move(input));
  return true;
}

bool Coordinator::HasWork() const { return !inputs_.empty() || stopping_; }

std::deque<Coordinator::Input> Coordinator::TakeInputs() {
  const std::optional<TimeMs> wake_ms = NextWakeMs();
  absl::MutexLock lock(&mutex_);
  const absl::Condition has_work(this, &Coordinator::HasWork);
  if (wake_ms.has_value()) {
    const TimeMs wait_ms = std::max<TimeMs>(*wake_ms - NowMs(), 0);
    mutex_.AwaitWithTimeout(has_work, absl::Milliseconds(wait_ms));
  } else {
    mutex_.Await(has_work);
  }
  return std::exchange(inputs_, {});
}

std::optional<TimeMs> Coordinator::NextWakeMs() const {
  std::optional<TimeMs> next = UpkeepDueMs();
  for (const Hanging& hanging : hanging_) {
    next = std::min(next.value_or(hanging.until_ms), hanging.until_ms);
  }
  return next;
}

std::optional<TimeMs> Coordinator::UpkeepDueMs() const {
  if (failed_) return std::nullopt;
  if (dirty_) return upkeep_not_before_ms_;
  return scheduler_.NextDeadline(last_upkeep_ms_);
}

void Coordinator::Loop() {
  while (true) {
    std::deque<Input> inputs = TakeInputs();
    if (!inputs.empty()) Round(std::move(inputs));
    Upkeep();
    AnswerHanging(/*all=*/false);
    absl::MutexLock lock(&mutex_);
    if (stopping_ && inputs_.empty()) break;
  }
  AnswerHanging(/*all=*/true);
}

void Coordinator::Round(std::deque<Input> inputs) {
  const TimeMs now = NowMs();
  Edit pending;
  std::vector<absl::Status> results;
  for (const Input& input : inputs) results.push_back(DecideOne(input, now, pending));
  const absl::Status committed = Commit(pending);
  if (absl::IsResourceExhausted(committed)) {
    Reload(now);
    if (inputs.size() > 1) return RoundOneByOne(std::move(inputs));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].done(results[i].ok() ? committed : results[i]);
  }
}

// Which of them need the disk? Each one for itself: the others need not suffer.
void Coordinator::RoundOneByOne(std::deque<Input> inputs) {
  for (Input& input : inputs) {
    std::deque<Input> one;
    one.push_back(std::move(input));
    Round(std::move(one));
  }
}

absl::Status Coordinator::DecideOne(const Input& input, TimeMs now, Edit& pending) {
  if (failed_) return Stopping();
  const absl::Status status =
      Accept(input.decide(View{scheduler_, *catalog_, pending, now}), now, pending);
  // Of a decision that writes rows by itself.
  if (absl::IsUnknown(status)) Fail(status);
  return status;
}

// Adds what follows from an edit outside the scheduler, and applies it ahead of the commit; should
// that fail, Reload takes it back.
absl::Status Coordinator::Accept(absl::StatusOr<Edit> edit, TimeMs now, Edit& pending) {
  MK_RETURN_IF_ERROR(edit.status());
  MK_RETURN_IF_ERROR(AddConsequences(View{scheduler_, *catalog_, pending, now}, *edit));
  scheduler_.Apply(*edit);
  Append(*std::move(edit), pending);
  return absl::OkStatus();
}

// Gives out and takes back leases: a commit of its own, so that a full disk that has no room for
// it does not fail the inputs.
void Coordinator::Upkeep() {
  const TimeMs now = NowMs();
  if (UpkeepDueMs().value_or(now + 1) > now) return;
  last_upkeep_ms_ = now;
  Edit pending;
  absl::Status status = Accept(scheduler_.Tick(now), now, pending);
  if (status.ok()) status = Accept(scheduler_.Assign(now), now, pending);
  if (status.ok()) status = Commit(pending);
  dirty_ = !status.ok();
  if (status.ok()) return;
  Reload(now);
  upkeep_not_before_ms_ = now + kUpkeepRetryMs;
}

absl::Status Coordinator::Commit(const Edit& edit) {
  if (failed_) return Stopping();
  if (!NothingToCommit(edit)) {
    const absl::Status status = catalog_->Commit(edit);
    if (!status.ok() && !absl::IsResourceExhausted(status)) Fail(status);
    if (!status.ok()) return status;
    dirty_ = true;
    upkeep_not_before_ms_ = 0;
  }
  Publish(edit);
  return absl::OkStatus();
}

void Coordinator::Publish(const Edit& edit) {
  for (const Task& task : edit.tasks) {
    if (task.state != TaskState::kLeased) board_->Erase(KeyOf(task));
  }
  for (const JobId job : JobsOf(edit)) hub_->Changed(job);
}

void Coordinator::Reload(TimeMs now) {
  absl::StatusOr<Snapshot> snapshot = catalog_->Load();
  if (!snapshot.ok()) return Fail(snapshot.status());
  Edit heard;
  for (const auto& [worker, time] : scheduler_.state().seen) heard.seen[worker] = time;
  scheduler_ = Scheduler(options_.scheduler);
  scheduler_.Load(*std::move(snapshot), now);
  std::erase_if(heard.seen, [&](const auto& entry) {
    return scheduler_.state().workers.count(entry.first) == 0;
  });
  scheduler_.Apply(heard);
}

void Coordinator::Fail(const absl::Status& why) {
  if (std::exchange(failed_, true)) return;
  options_.on_fatal(why);
}

void Coordinator::ShowProgress(const std::string& worker,
                               const std::vector<TaskProgress>& progress) {
  for (const TaskProgress& one : progress) {
    const auto task = scheduler_.state().tasks.find({one.lease.job, one.lease.task});
    if (task == scheduler_.state().tasks.end() || task->second.worker != worker) continue;
    if (LeaseOf(task->second) != one.lease) continue;
    if (board_->Update(one)) hub_->Changed(one.lease.job);
  }
}

void Coordinator::Hang(Hanging hanging) {
  // A worker that calls again has given up its earlier call.
  for (Hanging& other : hanging_) {
    if (other.worker == hanging.worker) other.until_ms = 0;
  }
  hanging_.push_back(std::move(hanging));
}

void Coordinator::AnswerHanging(bool all) {
  const TimeMs now = NowMs();
  std::erase_if(hanging_, [&](Hanging& hanging) {
    absl::StatusOr<WantedTasks> wanted = WantedBy(hanging.worker);
    const bool changed = !wanted.ok() || wanted->version != hanging.version;
    if (!all && !changed && hanging.until_ms > now) return false;
    hanging.answer(all ? Stopping() : std::move(wanted));
    return true;
  });
}

absl::StatusOr<WantedTasks> Coordinator::WantedBy(const std::string& worker) const {
  if (failed_) return Stopping();
  if (scheduler_.state().workers.count(worker) == 0) {
    return absl::NotFoundError("The worker was removed: register again.");
  }
  WantedSet set = scheduler_.Wanted(worker);
  WantedTasks wanted{.version = set.version, .tasks = {}};
  for (Task& task : set.tasks) {
    wanted.tasks.emplace_back(scheduler_.state().jobs.at(task.job), std::move(task));
  }
  return wanted;
}

}  // namespace makeover
