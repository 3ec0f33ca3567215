// How a record names a time and a blob.
#pragma once

#include <cstdint>
#include <string>

namespace makeover {

using TimeMs = int64_t;  // Since the epoch, by the coordinator's clock; 0 means "not yet".

// Digests are SHA-256 as 64 lower-case hexadecimal digits; "" means none.
struct BlobRef {
  std::string digest;
  int64_t size = 0;  // Bytes.
  friend bool operator==(const BlobRef&, const BlobRef&) = default;
};

}  // namespace makeover
