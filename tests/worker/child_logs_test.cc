#include "worker/child_logs.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/worker/temp_folder.h"

namespace makeover {
namespace {

const LeaseId kLease = {1, 2, 3};

// What the coordinator has of a log, and what it answers.
class Store {
 public:
  ChildLogs::Send Send() {
    return [this](const LeaseId&, int64_t offset, absl::string_view bytes) -> absl::Status {
      absl::MutexLock lock(&mutex_);
      if (!answer_.ok()) return answer_;
      const auto size = static_cast<int64_t>(log_.size());
      if (offset > size) return absl::OutOfRangeError("bytes before it are missing");
      log_ += std::string(bytes.substr(static_cast<size_t>(size - offset)));
      return absl::OkStatus();
    };
  }
  void Answer(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    answer_ = status;
  }
  void Lose() {
    absl::MutexLock lock(&mutex_);
    log_.clear();
  }
  std::string log() {
    absl::MutexLock lock(&mutex_);
    return log_;
  }

 private:
  absl::Mutex mutex_;
  absl::Status answer_;
  std::string log_;
};

class ChildLogsTest : public testing::Test {
 protected:
  void Append(absl::string_view bytes) { logs_.Append(kLease, folder_ / "log", bytes); }

  TempFolder folder_;
  Store store_;
  ChildLogs logs_{store_.Send()};
};

TEST_F(ChildLogsTest, AFullDiskIsWaitedFor) {
  store_.Answer(absl::ResourceExhaustedError("the disk is full"));
  Append("one\n");
  EXPECT_TRUE(absl::IsResourceExhausted(logs_.Flush(kLease)));
  store_.Answer(absl::OkStatus());
  EXPECT_TRUE(logs_.Flush(kLease).ok());
  EXPECT_EQ(store_.log(), "one\n");
}

TEST_F(ChildLogsTest, WhatTheCoordinatorHasLostIsSentAgain) {
  Append("one\n");
  EXPECT_TRUE(logs_.Flush(kLease).ok());
  store_.Lose();
  Append("two\n");
  EXPECT_TRUE(logs_.Flush(kLease).ok());
  EXPECT_EQ(store_.log(), "one\ntwo\n");
}

TEST_F(ChildLogsTest, ARefusalIsFinal) {
  for (const absl::Status& refusal :
       {absl::AbortedError("stale"), absl::InvalidArgumentError("no log"),
        absl::OutOfRangeError("always")}) {
    store_.Answer(refusal);
    Append("one\n");
    EXPECT_TRUE(logs_.Flush(kLease).ok()) << refusal;
    store_.Answer(absl::OkStatus());
    EXPECT_TRUE(logs_.Flush(kLease).ok());
    EXPECT_EQ(store_.log(), "");
    logs_.Forget(kLease);
  }
}

}  // namespace
}  // namespace makeover
