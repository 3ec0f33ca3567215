// The coordinator's thread where the disk fails it.
#include "coordinator/coordinator.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/coordinator/scheduler_world.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

ssize_t NoRoom(int /*file*/, const void* /*bytes*/, size_t /*size*/) {
  errno = ENOSPC;
  return -1;
}
ssize_t NoRoomAt(int /*file*/, const void* /*bytes*/, size_t /*size*/, off_t /*offset*/) {
  errno = ENOSPC;
  return -1;
}

// While it lives, SQLite has no room to write to. Nothing may be written while it comes or goes.
class FullDisk {
 public:
  FullDisk() {
    Set("write", reinterpret_cast<sqlite3_syscall_ptr>(NoRoom));
    Set("pwrite", reinterpret_cast<sqlite3_syscall_ptr>(NoRoomAt));
    Set("pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(NoRoomAt));
  }
  ~FullDisk() {
    for (const char* name : {"write", "pwrite", "pwrite64"}) Set(name, nullptr);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  static void Set(const char* name, sqlite3_syscall_ptr call) {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    EXPECT_EQ(vfs->xSetSystemCall(vfs, name, call), SQLITE_OK) << name;
  }
};

class CoordinatorTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Catalog>> catalog = Catalog::Open(folder_ / "catalog.db");
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    catalog_ = *std::move(catalog);
    absl::StatusOr<std::unique_ptr<Coordinator>> coordinator = Coordinator::Start(
        catalog_.get(), &board_, &hub_,
        {.scheduler = {},
         .clock = [] { return TimeMs{1'000'000}; },
         .on_fatal = [this](const absl::Status& why) { fatal_.push_back(why); }});
    ASSERT_TRUE(coordinator.ok()) << coordinator.status();
    coordinator_ = *std::move(coordinator);
  }
  absl::Status Register(const std::string& name) {
    return coordinator_->Run([&](const View& view) {
      return view.scheduler.Register(MakeWorker(name, 1), true, view.now);
    });
  }
  bool Knows(const std::string& worker) {
    bool knows = false;
    EXPECT_TRUE(coordinator_
                    ->Read([&](const View& view) {
                      knows = view.scheduler.state().workers.count(worker) > 0;
                    })
                    .ok());
    return knows;
  }
  // A worker that was not heard from: its next word has something to store.
  void PutLost(const std::string& name) {
    Edit edit;
    edit.workers = {MakeWorker(name, 1)};
    edit.workers.front().lost = true;
    ASSERT_TRUE(coordinator_->Run([&](const View&) { return edit; }).ok());
  }

  // A call that is answered at once, or with the error of its round.
  struct Beat {
    absl::Notification answered;
    absl::Status status;
  };
  void SendBeat(const std::string& worker, Beat& beat) {
    coordinator_->Heartbeat(
        {.worker = worker, .identity = "id-" + worker, .running = {}, .wanted_version = 0}, {}, 0,
        [&beat](const absl::StatusOr<WantedTasks>& wanted) {
          beat.status = wanted.status();
          beat.answered.Notify();
        });
  }

  TempDir folder_;
  ProgressBoard board_;
  WatchHub hub_;
  std::vector<absl::Status> fatal_;  // Of the coordinator's thread, while it runs.
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Coordinator> coordinator_;
};

TEST_F(CoordinatorTest, ACommitThatFailedIsFatal) {
  const absl::Status failed = coordinator_->Run([](const View&) {
    Edit edit;
    edit.models = {{"m", 77, 0, 0}};  // Of a job that there is not.
    return edit;
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_TRUE(absl::IsUnavailable(Register("w")));
  EXPECT_TRUE(absl::IsUnavailable(Register("v")));
  coordinator_->Stop();
  ASSERT_EQ(fatal_.size(), 1U) << "said once";
  EXPECT_EQ(fatal_.front(), failed);
}

TEST_F(CoordinatorTest, AWriteOfUnknownOutcomeInADecisionIsFatal) {
  const absl::Status unknown = absl::UnknownError("whether it was stored is not known");
  EXPECT_EQ(coordinator_->Run([&](const View&) { return unknown; }), unknown);
  EXPECT_TRUE(absl::IsUnavailable(Register("w")));
  coordinator_->Stop();
  ASSERT_EQ(fatal_.size(), 1U);
  EXPECT_EQ(fatal_.front(), unknown);
}

TEST_F(CoordinatorTest, AnErrorOfADecisionIsNotFatal) {
  EXPECT_TRUE(absl::IsNotFound(
      coordinator_->Run([](const View&) { return absl::NotFoundError("nobody"); })));
  EXPECT_TRUE(Register("w").ok());
  coordinator_->Stop();
  EXPECT_TRUE(fatal_.empty());
}

TEST_F(CoordinatorTest, AFullDiskUndoesWhatItHadNoRoomFor) {
  ASSERT_TRUE(Register("w").ok());
  {
    const FullDisk full;
    EXPECT_TRUE(absl::IsResourceExhausted(Register("v")));
    EXPECT_FALSE(Knows("v"));
    EXPECT_TRUE(Knows("w"));
  }
  EXPECT_TRUE(Register("v").ok()) << "there is room again";
  coordinator_->Stop();
  EXPECT_TRUE(fatal_.empty());
}

TEST_F(CoordinatorTest, AFullDiskFailsOnlyWhatNeedsIt) {
  ASSERT_TRUE(Register("w").ok());
  PutLost("lost");
  const FullDisk full;
  Beat comes_back;
  Beat lives;
  // While this decision is under way, both calls come to wait for the next round.
  const absl::Status sent = coordinator_->Run([&](const View&) {
    SendBeat("lost", comes_back);
    SendBeat("w", lives);
    return Edit{};
  });
  ASSERT_TRUE(sent.ok()) << sent;
  comes_back.answered.WaitForNotification();
  lives.answered.WaitForNotification();
  EXPECT_TRUE(absl::IsResourceExhausted(comes_back.status)) << comes_back.status;
  EXPECT_TRUE(lives.status.ok()) << lives.status;
  coordinator_->Stop();
  EXPECT_TRUE(fatal_.empty());
}

}  // namespace
}  // namespace makeover
