#include "worker/engine_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "tests/worker/temp_folder.h"

namespace makeover {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(30);

// What a child said, to be waited for.
class Said {
 public:
  EngineCallbacks Callbacks() {
    return {[this](absl::string_view line) {
              absl::MutexLock lock(&mutex_);
              lines_.emplace_back(line);
            },
            [this](absl::string_view bytes) {
              absl::MutexLock lock(&mutex_);
              absl::StrAppend(&log_, bytes);
            },
            [this](const ChildExit& exit) {
              absl::MutexLock lock(&mutex_);
              exit_ = exit;
            }};
  }
  std::string Line(size_t number) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&] { return lines_.size() > number; };
    return mutex_.AwaitWithTimeout(absl::Condition(&there), kDeadline) ? lines_[number]
                                                                       : "(no such line)";
  }
  ChildExit Exit() {
    absl::MutexLock lock(&mutex_);
    const auto there = [&] { return exit_.has_value(); };
    mutex_.AwaitWithTimeout(absl::Condition(&there), kDeadline);
    return exit_.value_or(ChildExit());
  }
  std::string log() {
    absl::MutexLock lock(&mutex_);
    return log_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> lines_;
  std::string log_;
  std::optional<ChildExit> exit_;
};

class EngineProcessTest : public testing::Test {
 protected:
  std::unique_ptr<EngineProcess> Echo(uint64_t data_bytes_max = 0) {
    auto process = EngineProcess::Start({FAKE_ENGINE, {"echo"}, data_bytes_max}, said_.Callbacks());
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }
  Said said_;
};

TEST_F(EngineProcessTest, LinesComeAsTheyAreWritten) {
  const auto process = Echo();
  ASSERT_TRUE(process->WriteLine("out one").ok());
  EXPECT_EQ(said_.Line(0), "one");
  ASSERT_TRUE(process->WriteLine("out two").ok());
  EXPECT_EQ(said_.Line(1), "two");
}

TEST_F(EngineProcessTest, TheExitStatusAndTheLastWordsAreKept) {
  const auto process = Echo();
  ASSERT_TRUE(process->WriteLine("err alas").ok());
  ASSERT_TRUE(process->WriteLine("exit 7").ok());
  const ChildExit exit = said_.Exit();
  EXPECT_EQ(exit.code, 7);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.last_log, "alas");
  EXPECT_EQ(said_.log(), "alas\n");
  process->Signal(SIGTERM);  // Its number may be another process's by now.
  EXPECT_FALSE(process->WriteLine("out three").ok());
}

TEST_F(EngineProcessTest, ASignalIsTold) {
  const auto process = Echo();
  ASSERT_TRUE(process->WriteLine(absl::StrCat("signal ", SIGABRT)).ok());
  const ChildExit exit = said_.Exit();
  EXPECT_EQ(exit.code, -1);
  EXPECT_EQ(exit.signal, SIGABRT);
}

TEST_F(EngineProcessTest, SignalReachesIt) {
  const auto process = Echo();
  process->Signal(SIGKILL);
  EXPECT_EQ(said_.Exit().signal, SIGKILL);
}

TEST_F(EngineProcessTest, ALineWithoutEndIsDropped) {
  const auto process = Echo();
  ASSERT_TRUE(process->WriteLine(absl::StrCat("long ", kEventLineBytesMax + 1)).ok());
  ASSERT_TRUE(process->WriteLine("out after").ok());
  EXPECT_EQ(said_.Line(0), "after");
}

TEST_F(EngineProcessTest, ItIsLimitedAndHoldsNothingOfOurs) {
  const auto process = Echo(uint64_t{8} << 30);
  ASSERT_TRUE(process->WriteLine("limits").ok());
  EXPECT_EQ(said_.Line(0), absl::StrCat("0 ", uint64_t{8} << 30, " 3 True"));
}

TEST_F(EngineProcessTest, AProgramThatIsNotThereSaysSo) {
  auto process = EngineProcess::Start({"/no/such/engine", {}, 0}, said_.Callbacks());
  ASSERT_TRUE(process.ok());
  const ChildExit exit = said_.Exit();
  EXPECT_EQ(exit.code, 127);
  EXPECT_EQ(exit.last_log, "cannot execute /no/such/engine: No such file or directory");
}

TEST_F(EngineProcessTest, TheDestructorKillsAndWaits) {
  Echo().reset();
  EXPECT_EQ(said_.Exit().signal, SIGKILL);
}

// The daemon is killed: its child must not go on alone.
TEST_F(EngineProcessTest, ItDiesWithItsParent) {
  const TempFolder folder;
  int done[2];
  ASSERT_EQ(pipe(done), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    // The child's stdout is a pipe; `done` is closed on exec, so only we and it hold it until then.
    auto process = EngineProcess::Start({FAKE_ENGINE, {"echo"}, 0}, said_.Callbacks());
    const std::string pid = std::to_string((*process)->pid());
    if (!(*process)->WriteLine("out ready").ok() || said_.Line(0) != "ready") _exit(1);
    std::ofstream(folder / "pid") << pid << std::flush;
    raise(SIGKILL);
  }
  ASSERT_GT(parent, 0);
  const int watched = [&] {
    int status = 0;
    waitpid(parent, &status, 0);
    return WTERMSIG(status);
  }();
  ASSERT_EQ(watched, SIGKILL);
  const pid_t child = std::stoi(folder.Read("pid"));
  // An orphan's end cannot be waited for by us: poll its pidfd.
  EXPECT_TRUE(EndsWithin(child, 30'000));
  close(done[0]);
  close(done[1]);
}

}  // namespace
}  // namespace makeover
