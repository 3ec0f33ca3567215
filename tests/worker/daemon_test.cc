// mkworker as a process, with a stand-in engine, against a scripted coordinator.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/tar.h"
#include "tests/worker/agent_fixture.h"
#include "tests/worker/scripted_coordinator.h"
#include "tests/worker/temp_folder.h"

namespace makeover {
namespace {

constexpr LeaseId kLease{1, 0, 1};

// A running mkworker.
class Worker {
 public:
  Worker(const std::string& address, const TempFolder& folder)
      : Worker(folder, {"--coordinator", address, "--data-dir", folder / "data", "--name", "w1",
                        "--engine", FAKE_ENGINE}) {}
  Worker(const TempFolder& folder, std::vector<std::string> words) {
    words.insert(words.begin(), "mkworker");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string log = folder / "worker.log";
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      setenv("FAKE_ENGINE_DIR", folder.path().c_str(), 1);
      dup2(out[1], STDOUT_FILENO);
      dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644), STDERR_FILENO);
      execv(MKWORKER, argv.data());
      _exit(127);
    }
    close(out[1]);
    out_ = out[0];
  }
  ~Worker() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_);
  }
  // The next bytes of its stdout, which are a line.
  std::string ReadLine() const {
    std::string line(200, '\0');
    pollfd polled = {out_, POLLIN, 0};
    if (poll(&polled, 1, 30'000) <= 0) return "";
    line.resize(static_cast<size_t>(std::max<ssize_t>(read(out_, line.data(), line.size()), 0)));
    return line;
  }
  void Signal(int signal) const { kill(pid_, signal); }
  // Its exit status.
  int Wait() {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  bool EndsWithinDeadline() const {
    siginfo_t info = {};
    return EndsWithin(pid_, 30'000) &&
           waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) == 0;
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

class DaemonTest : public testing::Test {
 protected:
  DaemonTest() {
    mkfifo((folder_ / "train").c_str(), 0600);
    // Both ends, so that neither a writer nor a reader waits for the other.
    commands_ = open((folder_ / "train").c_str(), O_RDWR | O_CLOEXEC);
  }
  ~DaemonTest() override {
    worker_.reset();
    close(commands_);
  }

  void StartWorker() {
    worker_.emplace(coordinator_.address(), folder_);
    ASSERT_EQ(worker_->ReadLine(), "registered as w1\n") << folder_.Read("worker.log");
  }

  v1::DatasetContent Dataset() {
    v1::DatasetContent dataset;
    dataset.set_digest("d1");
    *dataset.mutable_index() = coordinator_.Store("makeover-index 1 2 1 Male\ns0.tar\n");
    *dataset.add_shards() = coordinator_.Store("shard");
    return dataset;
  }
  v1::TaskSpec Train(const LeaseId& lease = kLease) {
    v1::TaskSpec spec = MakeSpec(lease, "cpu");
    *spec.mutable_train()->mutable_dataset() = Dataset();
    *spec.mutable_train()->mutable_spec()->mutable_source_rows() = coordinator_.Store("0\n");
    *spec.mutable_train()->mutable_spec()->mutable_target_rows() = coordinator_.Store("1\n");
    return spec;
  }
  v1::TaskSpec Convert(const LeaseId& lease, const std::vector<std::string>& names) {
    const std::string path = folder_ / "in.tar";
    TarWriter writer(path);
    for (const std::string& name : names) EXPECT_EQ(writer.Add(name, "bytes of " + name), "");
    EXPECT_EQ(writer.Finish(), "");
    v1::TaskSpec spec = MakeSpec(lease, "cpu");
    *spec.mutable_convert()->mutable_input() = coordinator_.Store(folder_.Read("in.tar"));
    *spec.mutable_convert()->mutable_spec()->mutable_checkpoint() = coordinator_.Store("model");
    return spec;
  }

  void Command(const std::string& line) {
    ASSERT_GT(write(commands_, (line + "\n").data(), line.size() + 1), 0);
  }
  // Trains to a step and waits until that is known.
  void TrainTo(uint32_t step) {
    Command(absl::StrCat("step ", step));
    ASSERT_TRUE(coordinator_.Await([&] {
      return std::any_of(coordinator_.reports.begin(), coordinator_.reports.end(),
                         [&](const v1::ReportTaskRequest& report) {
                           return report.metrics_size() > 0 &&
                                  report.metrics(report.metrics_size() - 1).step() == step;
                         });
    })) << folder_.Read("worker.log");
  }
  pid_t EnginePid() const {
    const std::vector<std::string> words = absl::StrSplit(folder_.Read("said"), ' ');
    return std::stoi(words[1]);
  }
  // Of the report that has it.
  v1::Checkpoint CheckpointOf(const LeaseId& lease) {
    for (const v1::ReportTaskRequest& report : coordinator_.reports) {
      if (FromProto(report.lease()) == lease && report.checkpoints_size() > 0) {
        return report.checkpoints(0);
      }
    }
    return {};
  }

  TempFolder folder_;
  ScriptedCoordinator coordinator_;
  int commands_ = -1;
  std::optional<Worker> worker_;
};

TEST_F(DaemonTest, TrainsToTheEnd) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  Command("sample 10");
  Command("log 100");
  Command("finish 20");
  const v1::Outcome outcome = coordinator_.AwaitOutcome(kLease);
  EXPECT_EQ(outcome.kind(), v1::Outcome::SUCCEEDED) << folder_.Read("worker.log");
  EXPECT_EQ(outcome.progress().done(), 20);
  EXPECT_EQ(coordinator_.Bytes(CheckpointOf(kLease).blob()), "checkpoint 20");
  EXPECT_EQ(coordinator_.logs[kLease], std::string(100, 'x') + "\n");
  EXPECT_EQ(coordinator_.devices.size(), 1U);
  EXPECT_EQ(coordinator_.engine.recipes_size(), 2);
  ASSERT_GT(coordinator_.engine.settings_size(), 0);
  EXPECT_EQ(coordinator_.engine.settings(0).name(), "noise");
  EXPECT_EQ(coordinator_.engine.settings(0).max(), 10);
}

TEST_F(DaemonTest, AnotherSizeHasPixelsOfItsOwn) {
  v1::TaskSpec spec = Train();
  spec.mutable_train()->mutable_spec()->add_settings("noise=0.1");
  spec.mutable_train()->mutable_spec()->add_settings("size=40x48");
  coordinator_.Want({spec});
  StartWorker();
  TrainTo(10);
  EXPECT_EQ(folder_.Read("data/cache/pixels/d1-40x48+49+92+80x96"), "pixels 40x48 49,92,80x96");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data/cache/pixels/d1-80x100"));
}

TEST_F(DaemonTest, PausedItHandsItsCheckpointOverAndAnotherAttemptGoesOnFromThere) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  coordinator_.Want({});
  EXPECT_EQ(coordinator_.AwaitOutcome(kLease).kind(), v1::Outcome::RELEASED);
  const v1::Checkpoint checkpoint = CheckpointOf(kLease);
  EXPECT_EQ(checkpoint.step(), 10U);
  const LeaseId next{1, 0, 2};
  v1::TaskSpec spec = Train(next);
  *spec.mutable_train()->mutable_checkpoint() = checkpoint.blob();
  coordinator_.Want({spec});
  TrainTo(11);
  EXPECT_NE(folder_.Read("said").find("step 10"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data/work/1-0-1"));
}

TEST_F(DaemonTest, OutlivesARestartOfTheCoordinatorWithItsChildStillTraining) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  const pid_t engine = EnginePid();
  coordinator_.Stop();
  Command("checkpoint 15");
  Command("step 20");
  coordinator_.Start();
  TrainTo(30);
  EXPECT_EQ(EnginePid(), engine);
  EXPECT_EQ(kill(engine, 0), 0);
  Command("finish 40");
  EXPECT_EQ(coordinator_.AwaitOutcome(kLease).kind(), v1::Outcome::SUCCEEDED);
  EXPECT_EQ(coordinator_.Bytes(CheckpointOf(kLease).blob()), "checkpoint 15");
}

TEST_F(DaemonTest, AfterAWholeLeaseAloneItStopsAndReportsWhenItIsHeardAgain) {
  coordinator_.SetTerms(2'000, 200);
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  const pid_t engine = EnginePid();
  coordinator_.Stop();
  EXPECT_TRUE(EndsWithin(engine, 30'000));
  coordinator_.Start();
  EXPECT_EQ(coordinator_.AwaitOutcome(kLease).kind(), v1::Outcome::RELEASED);
  EXPECT_EQ(CheckpointOf(kLease).step(), 10U);
}

TEST_F(DaemonTest, AKilledChildIsAFailureOfTheTask) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  kill(EnginePid(), SIGKILL);
  const v1::Outcome outcome = coordinator_.AwaitOutcome(kLease);
  EXPECT_EQ(outcome.kind(), v1::Outcome::FAILED);
  EXPECT_EQ(outcome.failure().class_(), v1::Failure::TASK);
  EXPECT_EQ(outcome.failure().code(), "ENGINE_CRASHED");
}

TEST_F(DaemonTest, SigtermSavesAndReportsBeforeTheEnd) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  worker_->Signal(SIGTERM);
  EXPECT_EQ(worker_->Wait(), 0) << folder_.Read("worker.log");
  EXPECT_EQ(coordinator_.AwaitOutcome(kLease).kind(), v1::Outcome::RELEASED);
  EXPECT_EQ(coordinator_.Bytes(CheckpointOf(kLease).blob()), "checkpoint 10");
  EXPECT_TRUE(coordinator_.devices.empty()) << "nothing more is placed on it";
}

TEST_F(DaemonTest, ASecondSigtermEndsItAtOnce) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  Command("deaf");
  TrainTo(11);
  const pid_t engine = EnginePid();
  worker_->Signal(SIGTERM);
  ASSERT_TRUE(coordinator_.Await([&] {
    const v1::HeartbeatRequest& newest = coordinator_.heartbeats.back();
    return newest.running_size() > 0 && newest.running(0).phase() == "stopping";
  }));
  worker_->Signal(SIGTERM);
  EXPECT_EQ(worker_->Wait(), 1);
  EXPECT_TRUE(EndsWithin(engine, 30'000));
}

TEST_F(DaemonTest, KilledItTakesItsChildAlongAndBeginsAgain) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  const pid_t engine = EnginePid();
  worker_->Signal(SIGKILL);
  EXPECT_EQ(worker_->Wait(), -SIGKILL);
  EXPECT_TRUE(EndsWithin(engine, 30'000));
  worker_.reset();
  StartWorker();
  TrainTo(12);
  EXPECT_NE(EnginePid(), engine);
}

TEST_F(DaemonTest, AStaleAttemptIsStopped) {
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  const pid_t engine = EnginePid();
  coordinator_.MakeStale(kLease);
  Command("step 11");
  EXPECT_TRUE(EndsWithin(engine, 30'000)) << folder_.Read("worker.log");
  ASSERT_TRUE(
      coordinator_.Await([&] { return coordinator_.heartbeats.back().running_size() == 0; }));
}

TEST_F(DaemonTest, CallsThatFailAreMadeAgain) {
  coordinator_.FailNext("Register", 2);
  coordinator_.FailNext("ReportTask", 3);
  coordinator_.FailNext("AppendLog", 2);
  coordinator_.FailNext("WriteBlob", 2);
  coordinator_.Want({Train()});
  StartWorker();
  TrainTo(10);
  Command("log 50");
  Command("finish 20");
  EXPECT_EQ(coordinator_.AwaitOutcome(kLease).kind(), v1::Outcome::SUCCEEDED);
  EXPECT_EQ(coordinator_.logs[kLease].size(), 51U);
}

TEST_F(DaemonTest, ShardsAreConvertedByOneChild) {
  const LeaseId first{2, 0, 1};
  const LeaseId second{2, 1, 1};
  coordinator_.Want({Convert(first, {"a.jpg", "bad.jpg", "b/c.png"}), Convert(second, {"d.jpg"})});
  StartWorker();
  const v1::Outcome outcome = coordinator_.AwaitOutcome(first);
  EXPECT_EQ(outcome.kind(), v1::Outcome::SUCCEEDED) << folder_.Read("worker.log");
  EXPECT_EQ(outcome.files_done(), 2U);
  EXPECT_EQ(outcome.files_failed(), 1U);
  const std::string manifest = coordinator_.Bytes(outcome.manifest());
  EXPECT_EQ(manifest.substr(0, manifest.find('\n')),
            R"({"file":"a.jpg","status":"converted","reason":"","faces":1,"seconds":0.5})");
  folder_.Write("out.tar", coordinator_.Bytes(outcome.output()));
  const auto members = ReadTarIndex(folder_ / "out.tar");
  ASSERT_TRUE(members.ok());
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ((*members)[1].name, "b/c.png");
  EXPECT_EQ(coordinator_.AwaitOutcome(second).kind(), v1::Outcome::SUCCEEDED);
  const std::string converters = folder_.Read("converters");
  EXPECT_EQ(std::count(converters.begin(), converters.end(), '\n'), 1);
}

TEST_F(DaemonTest, ACrashCostsOneShardOnly) {
  const LeaseId first{2, 0, 1};
  const LeaseId second{2, 1, 1};
  coordinator_.Want({Convert(first, {"a.jpg", "crash.jpg"}), Convert(second, {"d.jpg"})});
  StartWorker();
  const v1::Outcome failed = coordinator_.AwaitOutcome(first);
  EXPECT_EQ(failed.failure().code(), "ENGINE_CRASHED");
  EXPECT_NE(failed.failure().message().find("about to crash"), std::string::npos);
  EXPECT_EQ(coordinator_.AwaitOutcome(second).kind(), v1::Outcome::SUCCEEDED);
}

TEST_F(DaemonTest, PreparesAndPreviews) {
  const LeaseId prepare{3, 0, 1};
  const LeaseId preview{4, 0, 1};
  v1::TaskSpec prepare_spec = MakeSpec(prepare, "");
  *prepare_spec.mutable_prepare()->mutable_dataset() = Dataset();
  v1::TaskSpec preview_spec = MakeSpec(preview, "");
  *preview_spec.mutable_preview()->mutable_dataset() = Dataset();
  preview_spec.mutable_preview()->mutable_spec()->add_rows(1);
  preview_spec.mutable_preview()->mutable_spec()->add_rows(0);
  coordinator_.Want({prepare_spec, preview_spec});
  StartWorker();
  const v1::Outcome prepared = coordinator_.AwaitOutcome(prepare);
  EXPECT_EQ(prepared.kind(), v1::Outcome::SUCCEEDED) << folder_.Read("worker.log");
  ASSERT_EQ(prepared.quarantined_size(), 1);
  EXPECT_EQ(prepared.quarantined(0).reason(), "not a picture");
  EXPECT_EQ(folder_.Read("data/cache/pixels/d1-80x100"), "pixels 80x100 49,90,80x100");
  EXPECT_EQ(prepared.files_done(), 2U);
  const v1::Outcome previewed = coordinator_.AwaitOutcome(preview);
  EXPECT_EQ(coordinator_.Bytes(previewed.output()), "picture of rows 1 0");
  EXPECT_EQ(previewed.files_done(), 1U);
}

TEST_F(DaemonTest, AMissingBlobFailsTheTask) {
  v1::TaskSpec spec = Train();
  spec.mutable_train()->mutable_spec()->mutable_source_rows()->set_digest(std::string(64, 'a'));
  coordinator_.Want({spec});
  StartWorker();
  EXPECT_EQ(coordinator_.AwaitOutcome(kLease).failure().code(), "BLOB_MISSING");
}

TEST_F(DaemonTest, ASecondWorkerOnTheSameFolderIsRefused) {
  StartWorker();
  Worker second(coordinator_.address(), folder_);
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_NE(folder_.Read("worker.log").find("is in use by another process"), std::string::npos);
}

TEST(MkworkerTest, AWrongCommandLineIsNamedAndEndsWithTwo) {
  const TempFolder folder;
  EXPECT_EQ(Worker(folder, {"--nonsense"}).Wait(), 2);
  EXPECT_NE(folder.Read("worker.log").find("--nonsense"), std::string::npos);
  EXPECT_EQ(Worker(folder, {}).Wait(), 2);
  EXPECT_NE(folder.Read("worker.log").find("--coordinator is required"), std::string::npos);
  EXPECT_EQ(Worker(folder, {"--help"}).Wait(), 0);
}

}  // namespace
}  // namespace makeover
