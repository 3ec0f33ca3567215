#include "proto/status.h"

#include <string>

#include "absl/strings/string_view.h"

namespace makeover {
namespace {

// Cuts between UTF-8 characters.
std::string Cut(absl::string_view message) {
  if (message.size() <= kStatusMessageBytesMax) return std::string(message);
  size_t end = kStatusMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return std::string(message.substr(0, end)) + "...";
}

bool IsKnown(grpc::StatusCode code) {
  return code > grpc::StatusCode::OK && code <= grpc::StatusCode::UNAUTHENTICATED;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), Cut(status.message()));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = IsKnown(status.error_code())
                        ? static_cast<absl::StatusCode>(status.error_code())
                        : absl::StatusCode::kUnknown;
  return absl::Status(code, status.error_message());
}

}  // namespace makeover
