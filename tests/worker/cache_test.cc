#include "worker/cache.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "absl/synchronization/notification.h"
#include "storage/sha256.h"
#include "tests/worker/temp_folder.h"

namespace makeover {
namespace {

// A coordinator's store with one blob.
struct Source {
  std::string bytes;
  int calls = 0;
  int64_t last_offset = -1;
  size_t piece = 10;

  std::string digest() const { return Sha256Hex(bytes); }
  auto size() const { return static_cast<int64_t>(bytes.size()); }
  Cache::Download Download() {
    return [this](int64_t offset, const Cache::Sink& sink) {
      ++calls;
      last_offset = offset;
      for (size_t at = static_cast<size_t>(offset); at < bytes.size(); at += piece) {
        if (auto status = sink(bytes.substr(at, piece)); !status.ok()) return status;
      }
      return absl::OkStatus();
    };
  }
};

class CacheTest : public testing::Test {
 protected:
  void Open(int64_t bytes_max = 1000) {
    cache_.reset();
    auto cache = Cache::Open(folder_ / "cache", bytes_max);
    ASSERT_TRUE(cache.ok()) << cache.status();
    cache_ = *std::move(cache);
  }
  absl::StatusOr<Cache::Pin> Get(Source& source) {
    return cache_->Get(source.digest(), source.size(), source.Download());
  }
  bool IsThere(const Source& source) {
    return std::filesystem::exists(folder_ / ("cache/blobs/" + source.digest()));
  }
  std::string PartialOf(const Source& source) { return "cache/partial/" + source.digest(); }

  TempFolder folder_;
  std::unique_ptr<Cache> cache_;
};

TEST_F(CacheTest, DownloadsOnce) {
  Open();
  Source source{std::string(100, 'a')};
  EXPECT_TRUE(Get(source).ok());
  const auto pin = Get(source);
  ASSERT_TRUE(pin.ok());
  EXPECT_EQ(std::filesystem::file_size(pin->path()), 100U);
  EXPECT_EQ(source.calls, 1);
  EXPECT_EQ(cache_->bytes(), 100);
}

TEST_F(CacheTest, TheLeastRecentlyUsedGoes) {
  Open(250);
  Source a{std::string(100, 'a')};
  Source b{std::string(100, 'b')};
  Source c{std::string(100, 'c')};
  ASSERT_TRUE(Get(a).ok());
  ASSERT_TRUE(Get(b).ok());
  ASSERT_TRUE(Get(a).ok());
  ASSERT_TRUE(Get(c).ok());
  EXPECT_TRUE(IsThere(a));
  EXPECT_FALSE(IsThere(b));
  EXPECT_EQ(cache_->bytes(), 200);
}

TEST_F(CacheTest, WhatIsPinnedStays) {
  Open(250);
  Source a{std::string(100, 'a')};
  Source b{std::string(100, 'b')};
  Source c{std::string(100, 'c')};
  const auto pin_a = Get(a);
  ASSERT_TRUE(Get(b).ok());
  ASSERT_TRUE(Get(c).ok());
  EXPECT_TRUE(IsThere(a));
  EXPECT_FALSE(IsThere(b));
  const auto pin_c = Get(c);
  EXPECT_EQ(Get(b).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(CacheTest, WrongBytesAreRefused) {
  Open();
  Source source{std::string(100, 'a')};
  const std::string digest = source.digest();
  source.bytes[50] = 'x';
  EXPECT_TRUE(absl::IsDataLoss(cache_->Get(digest, 100, source.Download()).status()));
  source.bytes += "more";
  EXPECT_TRUE(absl::IsDataLoss(cache_->Get(digest, 100, source.Download()).status()));
  EXPECT_EQ(cache_->bytes(), 0);
}

TEST_F(CacheTest, AFileThatWasSpoiledOnDiskIsFetchedAgain) {
  Open();
  Source source{std::string(100, 'a')};
  ASSERT_TRUE(Get(source).ok());
  folder_.Write("cache/blobs/" + source.digest(), std::string(100, 'x'));
  Open();
  ASSERT_TRUE(Get(source).ok());
  EXPECT_EQ(source.calls, 2);
  EXPECT_EQ(folder_.Read("cache/blobs/" + source.digest()), source.bytes);
}

TEST_F(CacheTest, ABrokenDownloadGoesOnWhereItStopped) {
  Open();
  Source source{std::string(60, 'a') + std::string(40, 'b')};
  const auto broken = [&](int64_t, const Cache::Sink& sink) {
    EXPECT_TRUE(sink(source.bytes.substr(0, 60)).ok());
    return absl::UnavailableError("gone");
  };
  EXPECT_TRUE(absl::IsUnavailable(cache_->Get(source.digest(), 100, broken).status()));
  EXPECT_EQ(cache_->bytes(), 60);
  ASSERT_TRUE(Get(source).ok());
  EXPECT_EQ(source.last_offset, 60);
  EXPECT_EQ(cache_->bytes(), 100);
}

TEST_F(CacheTest, KilledDuringADownloadItGoesOnToo) {
  Source source{std::string(60, 'a') + std::string(40, 'b')};
  const pid_t child = fork();
  if (child == 0) {
    Open();
    cache_
        ->Get(source.digest(), 100,
              [&](int64_t, const Cache::Sink& sink) {
                sink(source.bytes.substr(0, 60)).IgnoreError();
                raise(SIGKILL);
                return absl::OkStatus();
              })
        .IgnoreError();
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  Open();
  EXPECT_FALSE(IsThere(source));
  ASSERT_TRUE(Get(source).ok());
  EXPECT_EQ(source.last_offset, 60);
}

TEST_F(CacheTest, ASpoiledBeginningIsFetchedAgain) {
  Open();
  Source source{std::string(100, 'a')};
  folder_.Write(PartialOf(source), std::string(60, 'x'));
  Open();
  ASSERT_TRUE(Get(source).ok());
  EXPECT_EQ(source.calls, 2);
  EXPECT_EQ(source.last_offset, 0);
}

TEST_F(CacheTest, OfTwoCallersOneDownloads) {
  Open();
  Source source{std::string(100, 'a')};
  absl::Notification begun;
  absl::Notification go_on;
  std::thread first([&] {
    const Cache::Download slow = [&](int64_t offset, const Cache::Sink& sink) {
      begun.Notify();
      go_on.WaitForNotification();
      return source.Download()(offset, sink);
    };
    EXPECT_TRUE(cache_->Get(source.digest(), 100, slow).ok());
  });
  begun.WaitForNotification();
  std::thread second([&] { EXPECT_TRUE(Get(source).ok()); });
  go_on.Notify();
  first.join();
  second.join();
  EXPECT_EQ(source.calls, 1);
}

TEST_F(CacheTest, PixelsAreKeptByKey) {
  Open();
  EXPECT_FALSE(cache_->FindPixels("d-80x100").has_value());
  folder_.Write("new.pixels", "pixels");
  ASSERT_TRUE(cache_->KeepPixels("d-80x100", folder_ / "new.pixels").ok());
  Open();
  const auto pin = cache_->FindPixels("d-80x100");
  ASSERT_TRUE(pin.has_value());
  EXPECT_EQ(folder_.Read("cache/pixels/d-80x100"), "pixels");
}

TEST_F(CacheTest, ANameThatIsNoDigestIsRefused) {
  Open();
  const Cache::Download none = [](int64_t, const Cache::Sink&) { return absl::OkStatus(); };
  EXPECT_TRUE(absl::IsInvalidArgument(cache_->Get("../../etc/passwd", 1, none).status()));
}

}  // namespace
}  // namespace makeover
