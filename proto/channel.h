#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

namespace makeover {

// Bounds of a connection, the same on both ends.
inline constexpr int kMessageBytesMax = 16 << 20;
inline constexpr int kKeepaliveIntervalMs = 20'000;
inline constexpr int kKeepaliveTimeoutMs = 10'000;
// A client that lost its server tries again after this, doubled up to the second figure.
inline constexpr int kReconnectFirstMs = 100;
inline constexpr int kReconnectMaxMs = 2'000;

// A connection to HOST:PORT, made when first used, and made again whenever it breaks. A dead peer
// is noticed within kKeepaliveIntervalMs + kKeepaliveTimeoutMs, also while no call is under way.
// Calls that may safely be made twice are retried a few times within a second while the server
// is UNAVAILABLE; the others fail at once. Thread-safe.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

// gRPC's service config as JSON: which methods are retried. Visible for tests.
std::string RetryServiceConfig();

}  // namespace makeover
