#include "proto/credentials.h"

#include <gtest/gtest.h>

namespace makeover {
namespace {

TEST(IsLoopback, WhatOnlyThisMachineReaches) {
  for (const char* address :
       {"localhost", "localhost:7760", "127.0.0.1", "127.0.0.1:0", "127.255.255.254:65535", "::1",
        "[::1]", "[::1]:7760", "[0:0:0:0:0:0:0:1]:7760"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
}

TEST(IsLoopback, WhatOthersMayReach) {
  for (const char* address :
       {"0.0.0.0:7760", "[::]:7760", "::", "10.0.0.1:7760", "128.0.0.1:1", "[fe80::1]:7760",
        "[2001:db8::1]:7760", "example.org:7760", "localhost.example.org:7760"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(IsLoopback, WhatCannotBeUnderstoodIsNot) {
  for (const char* address :
       {"", ":", ":7760", "[", "[]", "[::1", "[::1]evil:7760", "127.1:7760", "127.0.0.1.evil:7760",
        "2130706433:7760", "0x7f000001:7760", "dns:///127.0.0.1:7760", "localhost:1,0.0.0.0:2",
        "unix:/tmp/socket", "[127.0.0.1]x:1", " 127.0.0.1:7760"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(Credentials, AreMade) {
  EXPECT_NE(MakeServerCredentials(), nullptr);
  EXPECT_NE(MakeChannelCredentials(), nullptr);
}

}  // namespace
}  // namespace makeover
