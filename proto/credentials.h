#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string_view>

namespace makeover {

// The one place where credentials are made. Today they are insecure, which is why a server listens
// on loopback unless a person insists.

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials();
std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials();

// Can only this machine reach HOST:PORT? True for localhost, 127.0.0.0/8 and ::1; false for
// everything else, also for what cannot be understood.
bool IsLoopback(std::string_view address);

}  // namespace makeover
