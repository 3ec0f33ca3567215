#include "proto/status.h"

#include <gtest/gtest.h>

#include <string>

namespace makeover {
namespace {

TEST(Status, EveryErrorGoesThereAndBack) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status before(static_cast<absl::StatusCode>(code), "why");
    const grpc::Status wire = ToGrpcStatus(before);
    EXPECT_EQ(static_cast<int>(wire.error_code()), code);
    EXPECT_EQ(wire.error_message(), "why");
    EXPECT_EQ(FromGrpcStatus(wire), before);
  }
}

TEST(Status, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(Status, AnUnknownCodeIsUnknown) {
  const grpc::Status strange(static_cast<grpc::StatusCode>(99), "what?");
  EXPECT_EQ(FromGrpcStatus(strange), absl::UnknownError("what?"));
  const grpc::Status do_not_use(grpc::StatusCode::DO_NOT_USE, "what?");
  EXPECT_EQ(FromGrpcStatus(do_not_use), absl::UnknownError("what?"));
}

TEST(Status, ALongMessageIsCut) {
  const std::string fits(kStatusMessageBytesMax, 'a');
  EXPECT_EQ(ToGrpcStatus(absl::InternalError(fits)).error_message(), fits);
  EXPECT_EQ(ToGrpcStatus(absl::InternalError(fits + "b")).error_message(), fits + "...");
}

TEST(Status, ACutDoesNotSplitACharacter) {
  // "ä" has two bytes; the bound falls between them.
  const std::string text = std::string(kStatusMessageBytesMax - 1, 'a') + "ä and more";
  EXPECT_EQ(ToGrpcStatus(absl::InternalError(text)).error_message(),
            std::string(kStatusMessageBytesMax - 1, 'a') + "...");
}

}  // namespace
}  // namespace makeover
