#pragma once

#include <grpcpp/server_builder.h>

namespace makeover {

// A client may ping this often; ours does every kKeepaliveIntervalMs (proto/channel.h).
inline constexpr int kPingIntervalMinMs = 10'000;
inline constexpr int kStreamsPerConnectionMax = 256;

// What a server has to allow so that MakeChannel's connections live, and what bounds a client:
// message size, streams of a connection, pings. A dead client is noticed as a dead server is.
// Sets SO_REUSEPORT off, so that a second server on the same port fails instead of sharing it.
void ApplyServerLimits(grpc::ServerBuilder& builder);

}  // namespace makeover
