#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace makeover {

// SHA-256 (FIPS 180-4) of bytes that arrive in pieces. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&& other) noexcept;
  Sha256& operator=(Sha256&& other) noexcept;

  void Update(absl::string_view bytes);

  // 64 lower-case hexadecimal digits. Nothing may follow but destruction.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(absl::string_view bytes);

// Of a file's first `bytes_max` bytes (all of them by default). kNotFound, kUnavailable: it cannot
// be read.
absl::StatusOr<std::string> Sha256OfFile(const std::string& path, int64_t bytes_max = INT64_MAX);

// Whether `text` is 64 lower-case hexadecimal digits.
bool IsDigest(absl::string_view text);

}  // namespace makeover
