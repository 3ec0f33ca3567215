#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace makeover {

// The one place where absl::Status meets grpc::Status. The codes have the same numbers.

// A message beyond this many bytes is cut: gRPC carries it in a header, and headers are bounded.
inline constexpr size_t kStatusMessageBytesMax = 4096;

grpc::Status ToGrpcStatus(const absl::Status& status);

// A code that Abseil does not know becomes UNKNOWN.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace makeover
