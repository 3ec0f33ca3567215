#include "client/event_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "client/step_times.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "tests/client/temp_folder.h"

namespace makeover {
namespace {

tensorboard::Event Scalar(const std::string& tag, int64_t step) {
  tensorboard::Event event;
  event.set_step(step);
  auto* value = event.mutable_summary()->add_value();
  value->set_tag(tag);
  value->set_simple_value(0.5F);
  return event;
}

TEST(EventFileTest, SumsAreThoseOfTheStandard) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU) << "RFC 3720, B.4";
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43U) << "RFC 3720, B.4";
}

class EventFileOnDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<EventFile> file = EventFile::Open(path_, 1000);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Append(Scalar("generator", 10)).ok());
    ASSERT_TRUE(file->Append(Scalar("generator", 20)).ok());
  }

  std::string Bytes() const { return ReadFile(path_).value(); }
  void Write(const std::string& bytes) { ASSERT_TRUE(WriteFileAtomically(path_, bytes).ok()); }

  const TempFolder folder_;
  const std::string path_ = folder_.path() + "/events.out.tfevents.1.mkctl";
};

TEST_F(EventFileOnDiskTest, KnowsWhatIsInIt) {
  const absl::StatusOr<EventFile> file = EventFile::Open(path_, 2000);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->Has("generator", 20));
  EXPECT_FALSE(file->Has("generator", 30));
  EXPECT_FALSE(file->Has("discriminator", 20));
}

TEST_F(EventFileOnDiskTest, WhoBeginsAgainForgetsWhatCameAfter) {
  for (const bool opened_again : {false, true}) {
    absl::StatusOr<EventFile> file = EventFile::Open(path_, 2000);
    ASSERT_TRUE(file.ok()) << file.status();
    if (!opened_again) {
      ASSERT_TRUE(file->BeginAgainAt(20, 2000).ok());
    }
    EXPECT_TRUE(file->Has("generator", 10));
    EXPECT_FALSE(file->Has("generator", 20)) << opened_again;
  }
}

TEST_F(EventFileOnDiskTest, HasOneWriter) {
  const absl::StatusOr<EventFile> first = EventFile::Open(path_, 2000);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(EventFile::Open(path_, 2000).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(EventFileOnDiskTest, ATornRecordIsWrittenAgain) {
  const std::string whole = Bytes();
  const std::string one = TfRecord(Scalar("generator", 20).SerializeAsString());
  for (size_t cut = 1; cut < one.size(); ++cut) {
    Write(whole.substr(0, whole.size() - cut));
    absl::StatusOr<EventFile> file = EventFile::Open(path_, 2000);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(file->Has("generator", 10));
    ASSERT_FALSE(file->Has("generator", 20)) << cut;
    ASSERT_TRUE(file->Append(Scalar("generator", 20)).ok());
    EXPECT_EQ(Bytes(), whole) << cut;
  }
}

TEST_F(EventFileOnDiskTest, DamageIsSaid) {
  const std::string whole = Bytes();
  for (const size_t at : {size_t{0}, size_t{9}, size_t{13}, whole.size() - 1}) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    Write(bytes);
    const absl::Status status = EventFile::Open(path_, 2000).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << at;
    EXPECT_EQ(Bytes(), bytes) << "it stays as it is";
  }
  Write("some other file of forty bytes or so......");
  EXPECT_EQ(EventFile::Open(path_, 2000).status().code(), absl::StatusCode::kDataLoss);
}

v1::Job Training() {
  v1::Job job;
  job.set_step(300);
  job.mutable_create_time()->set_seconds(900);
  job.mutable_start_time()->set_seconds(1000);
  v1::Checkpoint* checkpoint = job.add_checkpoints();
  checkpoint->set_step(100);
  checkpoint->mutable_create_time()->set_seconds(1200);
  return job;
}

TEST(StepTimesTest, RunEvenlyBetweenWhatIsKnown) {
  const StepTimes times(Training(), 1300);
  EXPECT_EQ(times.SecondsAt(0), 1000);
  EXPECT_EQ(times.SecondsAt(50), 1100);
  EXPECT_EQ(times.SecondsAt(100), 1200);
  EXPECT_EQ(times.SecondsAt(200), 1250);
  EXPECT_EQ(times.SecondsAt(300), 1300);
  EXPECT_EQ(times.SecondsAt(999), 1300);
}

TEST(StepTimesTest, EndWithTheJob) {
  v1::Job job = Training();
  job.mutable_end_time()->set_seconds(1400);
  EXPECT_EQ(StepTimes(job, 5000).SecondsAt(300), 1400);
  EXPECT_EQ(StepTimes(v1::Job(), 5000).SecondsAt(7), 0) << "a job that has not begun";
}

}  // namespace
}  // namespace makeover
