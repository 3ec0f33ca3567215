#include "proto/credentials.h"

#include <arpa/inet.h>

#include <string>

namespace makeover {
namespace {

// "[::1]:7760" and "::1" give "::1"; "localhost:7760" gives "localhost".
std::string HostOf(std::string_view address) {
  if (!address.empty() && address.front() == '[') {
    const size_t end = address.find(']');
    if (end == std::string_view::npos) return "";
    const bool whole = end + 1 == address.size() || address[end + 1] == ':';
    return whole ? std::string(address.substr(1, end - 1)) : "";
  }
  const size_t colon = address.find(':');
  if (colon == std::string_view::npos || address.find(':', colon + 1) != std::string_view::npos) {
    return std::string(address);
  }
  return std::string(address.substr(0, colon));
}

bool IsLoopbackV4(const std::string& host) {
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 && (ntohl(parsed.s_addr) >> 24) == 127;
}

bool IsLoopbackV6(const std::string& host) {
  in6_addr parsed{};
  return inet_pton(AF_INET6, host.c_str(), &parsed) == 1 && IN6_IS_ADDR_LOOPBACK(&parsed);
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials() {
  return grpc::InsecureServerCredentials();
}

std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials() {
  return grpc::InsecureChannelCredentials();
}

bool IsLoopback(std::string_view address) {
  const std::string host = HostOf(address);
  return host == "localhost" || IsLoopbackV4(host) || IsLoopbackV6(host);
}

}  // namespace makeover
