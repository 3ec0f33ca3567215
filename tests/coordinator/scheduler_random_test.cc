// Random histories of a cluster, each from a seed. MAKEOVER_SEED=N runs that one alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "coordinator/job_state.h"
#include "coordinator/scheduler.h"
#include "storage/catalog.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

constexpr int kSeeds = 3'000;
constexpr int kSeedsWithCatalog = 60;
constexpr int kSteps = 120;

// A worker as the coordinator cannot see it.
struct Machine {
  std::string name;
  std::string identity;
  int devices = 1;
  bool alive = true;
  uint64_t version = 0;
  std::set<LeaseKey> running;
};

class History {
 public:
  // `catalog` may be nullptr.
  History(uint32_t seed, Catalog* catalog)
      : chance_(seed), catalog_(catalog), scheduler_(SchedulerSettings{}), committed_(scheduler_) {}

  void Run() {
    const int machines = 1 + Below(3);
    for (int i = 0; i < machines; ++i) {
      machines_.push_back({absl::StrCat("w", i), absl::StrCat("id", i), 1 + Below(3), true, 0, {}});
      Register(machines_.back(), true);
    }
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) OneStep();
    LetAllEnd();
  }

 private:
  int Below(int limit) { return static_cast<int>(chance_() % static_cast<uint32_t>(limit)); }
  bool OneIn(int n) { return Below(n) == 0; }

  bool Do(const absl::StatusOr<Edit>& edit) {
    if (!edit.ok()) return false;
    const SchedulerState before = scheduler_.state();
    scheduler_.Apply(*edit);
    Append(*edit, round_);
    if (OneIn(2)) EndRound();
    const absl::Status sane = scheduler_.SanityCheck();
    EXPECT_TRUE(sane.ok()) << sane;
    CheckStep(before, *edit);
    return true;
  }

  // Several edits are committed as one, which does what they did one after the other.
  void EndRound() {
    committed_.Apply(round_);
    const Snapshot at_once = committed_.ToSnapshot();
    const Snapshot one_by_one = scheduler_.ToSnapshot();
    EXPECT_EQ(at_once.jobs, one_by_one.jobs);
    EXPECT_EQ(at_once.tasks, one_by_one.tasks);
    EXPECT_EQ(at_once.workers, one_by_one.workers);
    EXPECT_EQ(committed_.state().seen, scheduler_.state().seen);
    if (catalog_ != nullptr) {
      EXPECT_TRUE(catalog_->Commit(round_).ok());
      if (OneIn(5)) Restart();
    }
    round_ = {};
  }

  // What must hold between two states.
  void CheckStep(const SchedulerState& before, const Edit& edit) {
    for (const auto& [key, old] : before.tasks) {
      const auto it = scheduler_.state().tasks.find(key);
      if (it == scheduler_.state().tasks.end()) continue;
      const Task& task = it->second;
      EXPECT_GE(task.attempt, old.attempt);
      EXPECT_GE(task.step, old.step) << "progress is never lost";
      EXPECT_TRUE(!IsTerminal(old.state) || task.state == old.state) << "final is final";
      const bool two_leases = old.state == TaskState::kLeased && task.state == TaskState::kLeased &&
                              task.attempt != old.attempt;
      EXPECT_FALSE(two_leases) << "leased while it was leased";
    }
    for (const Job& job : edit.jobs) {
      EXPECT_EQ(ended_.count(job.id), 0U) << "job " << job.id << " had ended";
      if (IsTerminal(job.state)) ended_.insert(job.id);
    }
    for (JobId id = 1; id < scheduler_.state().next_job; ++id) {
      EXPECT_NE(scheduler_.state().jobs.count(id), ended_.count(id)) << "job " << id << " is lost";
    }
    for (const Attempt& attempt : edit.attempts) CheckAttempt(attempt);
  }

  // Each attempt begins once and ends once.
  void CheckAttempt(const Attempt& attempt) {
    const LeaseKey lease{attempt.job, attempt.task, attempt.attempt};
    if (attempt.outcome == AttemptOutcome::kRunning) {
      EXPECT_TRUE(open_.insert(lease).second);
    } else {
      EXPECT_EQ(open_.erase(lease), 1U);
    }
  }

  // From the catalog: the same as in memory.
  void Restart() {
    absl::StatusOr<Snapshot> loaded = catalog_->Load();
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const Snapshot expected = scheduler_.ToSnapshot();
    EXPECT_EQ(loaded->jobs, expected.jobs);
    EXPECT_EQ(loaded->tasks, expected.tasks);
    EXPECT_EQ(loaded->workers, expected.workers);
    EXPECT_EQ(loaded->next_job, expected.next_job);
    Scheduler again(scheduler_.settings());
    again.Load(*std::move(loaded), now_);
    const Edit here = scheduler_.Assign(now_);
    const Edit there = again.Assign(now_);
    EXPECT_EQ(here.tasks, there.tasks);
    EXPECT_EQ(here.attempts, there.attempts);
    scheduler_ = std::move(again);
    committed_ = scheduler_;
  }

  void Upkeep() {
    Do(scheduler_.Tick(now_));
    Do(scheduler_.Assign(now_));
  }

  void OneStep() {
    const std::function<void()> steps[] = {[&] { Submit(); },
                                           [&] { Submit(); },
                                           [&] { Beat(AnyMachine()); },
                                           [&] { Beat(AnyMachine()); },
                                           [&] { ReportSomething(AnyMachine()); },
                                           [&] { ReportSomething(AnyMachine()); },
                                           [&] { ReportSomething(AnyMachine()); },
                                           [&] { StartOrKill(AnyMachine()); },
                                           [&] { AskOfWorker(AnyMachine()); },
                                           [&] { AskOfJob(); },
                                           [&] { Pass(); },
                                           [&] { ReportStale(); }};
    steps[Below(std::size(steps))]();
    Upkeep();
  }

  Machine& AnyMachine() { return machines_[Below(static_cast<int>(machines_.size()))]; }

  void Submit() {
    Job job;
    job.kind = static_cast<JobKind>(1 + Below(4));
    const bool small = job.kind == JobKind::kPrepare || job.kind == JobKind::kPreview;
    job.devices_per_task = small ? 0 : job.kind == JobKind::kTrain ? 1 + Below(3) : 1;
    job.owner = OneIn(2) ? "ann" : "bob";
    job.priority = Below(3) - 1;
    if (OneIn(3)) job.after_job = static_cast<JobId>(1 + Below(10));
    const int tasks = job.kind == JobKind::kConvert ? 1 + Below(5) : 1;
    Do(scheduler_.SubmitJob(job, std::vector<Task>(tasks), std::nullopt, now_));
  }

  void Register(Machine& machine, bool started) {
    Worker worker;
    worker.name = machine.name;
    worker.identity = machine.identity;
    for (int i = 0; i < machine.devices; ++i) {
      Device& device = worker.devices.emplace_back();
      device.name = absl::StrCat("d", i);
      device.kind = "cpu";
    }
    if (started) machine.running.clear();
    machine.version = 0;
    Do(scheduler_.Register(worker, started, now_));
  }

  void Beat(Machine& machine) {
    if (!machine.alive) return;
    const WorkerHeartbeat heartbeat{.worker = machine.name,
                                    .identity = machine.identity,
                                    .running = {machine.running.begin(), machine.running.end()},
                                    .wanted_version = machine.version};
    if (!Do(scheduler_.Heartbeat(heartbeat, now_))) return Register(machine, false);
    if (OneIn(8)) return;  // The answer is lost.
    const WantedSet wanted = scheduler_.Wanted(machine.name);
    machine.version = wanted.version;
    machine.running.clear();
    for (const Task& task : wanted.tasks) machine.running.insert(LeaseOf(task));
  }

  TaskReport MakeReport(const Machine& machine, const LeaseKey& lease) {
    TaskReport report;
    report.worker = machine.name;
    report.identity = machine.identity;
    report.lease = lease;
    return report;
  }

  TaskOutcome AnyOutcome() {
    TaskOutcome outcome;
    const int roll = Below(10);
    outcome.kind = roll < 4   ? OutcomeKind::kSucceeded
                   : roll < 9 ? OutcomeKind::kFailed
                              : OutcomeKind::kReleased;
    outcome.failure.failure_class = static_cast<FailureClass>(roll % 5);
    outcome.failure.message = "It broke.";
    return outcome;
  }

  void ReportSomething(Machine& machine) {
    if (!machine.alive || machine.running.empty()) return;
    const LeaseKey lease = *machine.running.begin();
    TaskReport report = MakeReport(machine, lease);
    const auto task = scheduler_.state().tasks.find({lease.job, lease.task});
    if (OneIn(3) && task != scheduler_.state().tasks.end()) {
      report.checkpoints.push_back({.job = 0,
                                    .step = task->second.step + 100,
                                    .blob = {std::string(64, 'a'), 1},
                                    .create_ms = 0});
    } else {
      report.outcome = AnyOutcome();
      machine.running.erase(lease);
    }
    const bool current = scheduler_.IsCurrent(report);
    EXPECT_EQ(Do(scheduler_.Report(report, std::nullopt, now_)), current);
  }

  void ReportStale() {
    if (scheduler_.state().tasks.empty()) return;
    const Task& task = scheduler_.state().tasks.begin()->second;
    LeaseKey lease = LeaseOf(task);
    lease.attempt -= task.state == TaskState::kLeased ? 1 : 0;
    TaskReport report = MakeReport(AnyMachine(), lease);
    report.outcome = AnyOutcome();
    EXPECT_TRUE(absl::IsAborted(scheduler_.Report(report, std::nullopt, now_).status()));
  }

  void StartOrKill(Machine& machine) {
    machine.alive = !machine.alive;
    if (!machine.alive) return;
    if (OneIn(4)) machine.devices = 1 + Below(3);
    if (OneIn(4)) machine.identity += "x";  // Its folder was lost: refused until the lease ends.
    Register(machine, OneIn(2));
  }

  void AskOfWorker(const Machine& machine) {
    const int roll = Below(5);
    if (roll == 0) Do(scheduler_.Drain(machine.name, now_));
    if (roll == 1) Do(scheduler_.RemoveWorker(machine.name, now_));
    if (roll >= 2) Do(scheduler_.ResumeWorker(machine.name, now_));
  }

  void AskOfJob() {
    const auto id = static_cast<JobId>(1 + Below(static_cast<int>(scheduler_.state().next_job)));
    const int roll = Below(8);
    if (roll == 0) Do(scheduler_.Cancel(id, now_));
    if (roll == 1 || roll == 2) Do(scheduler_.Pause(id, now_));
    if (roll >= 3 && roll < 6) Do(scheduler_.Resume(id, now_));
    if (roll >= 6) Do(scheduler_.Retry(id, now_));
    for (const auto& [job, record] : scheduler_.state().jobs) {
      EXPECT_FALSE(scheduler_.Explain(job, now_).empty());
    }
  }

  // Some time, or until something is due.
  void Pass() {
    const std::optional<TimeMs> next = scheduler_.NextDeadline(now_);
    EXPECT_GT(next.value_or(now_ + 1), now_);
    now_ += 1 + Below(6'000);
    if (next.has_value() && OneIn(3)) now_ = std::max(now_, *next);
  }

  // From here on everything works: every job has to end.
  void LetAllEnd() {
    now_ += scheduler_.settings().lease_ms;
    Upkeep();
    for (Machine& machine : machines_) {
      machine.alive = true;
      machine.devices = 3;
      Register(machine, true);
    }
    for (int round = 0; round < 400 && !scheduler_.state().jobs.empty(); ++round) WorkWell();
    EXPECT_TRUE(scheduler_.state().jobs.empty())
        << "job " << scheduler_.state().jobs.begin()->first << " never ends";
    EXPECT_TRUE(open_.empty());
  }

  void WorkWell() {
    if (testing::Test::HasFailure()) return;
    std::vector<JobId> ids;
    for (const auto& [id, job] : scheduler_.state().jobs) ids.push_back(id);
    for (const JobId id : ids) {
      Do(scheduler_.Resume(id, now_));
      Do(scheduler_.Retry(id, now_));
    }
    for (Machine& machine : machines_) {
      Do(scheduler_.ResumeWorker(machine.name, now_));
      Beat(machine);
      for (const LeaseKey& lease : std::set<LeaseKey>(machine.running)) {
        TaskReport report = MakeReport(machine, lease);
        report.outcome.emplace();
        Do(scheduler_.Report(report, std::nullopt, now_));
        machine.running.erase(lease);
      }
    }
    now_ += 5'000;
    Upkeep();
  }

  std::mt19937 chance_;
  Catalog* const catalog_;
  Scheduler scheduler_;
  Scheduler committed_;  // At the begin of the round.
  Edit round_;           // What was decided since then.
  TimeMs now_ = 1'000'000;
  std::vector<Machine> machines_;
  std::set<JobId> ended_;
  std::set<LeaseKey> open_;
};

void RunSeeds(int count, const std::function<void(uint32_t)>& run) {
  if (const char* named = std::getenv("MAKEOVER_SEED"); named != nullptr) {
    return run(static_cast<uint32_t>(std::strtoul(named, nullptr, 10)));
  }
  for (int seed = 1; seed <= count; ++seed) {
    run(static_cast<uint32_t>(seed));
    ASSERT_FALSE(testing::Test::HasFailure()) << "again: MAKEOVER_SEED=" << seed;
  }
}

TEST(RandomHistories, KeepEveryInvariantAndEnd) {
  RunSeeds(kSeeds, [](uint32_t seed) { History(seed, nullptr).Run(); });
}

TEST(RandomHistories, AreTheSameFromTheCatalog) {
  RunSeeds(kSeedsWithCatalog, [](uint32_t seed) {
    const TempDir folder;
    absl::StatusOr<std::unique_ptr<Catalog>> catalog = Catalog::Open(folder / "catalog.db");
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    History(seed, catalog->get()).Run();
  });
}

}  // namespace
}  // namespace makeover
