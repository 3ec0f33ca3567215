#include "storage/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr size_t kReadBytes = 1 << 20;

// OpenSSL fails here only without memory or without its own algorithms: nothing that a caller could
// mend.
void Require(bool done) {
  if (!done) std::abort();
}

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    Require(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&& other) noexcept = default;
Sha256& Sha256::operator=(Sha256&& other) noexcept = default;

void Sha256::Update(absl::string_view bytes) {
  Require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

std::string Sha256Hex(absl::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

absl::StatusOr<std::string> Sha256OfFile(const std::string& path, int64_t bytes_max) {
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
  Sha256 hash;
  std::string buffer;
  for (int64_t offset = 0; offset < bytes_max; offset += static_cast<int64_t>(buffer.size())) {
    const auto wanted = std::min<int64_t>(kReadBytes, bytes_max - offset);
    MK_RETURN_IF_ERROR(ReadAt(file.get(), offset, static_cast<size_t>(wanted), path, &buffer));
    if (buffer.empty()) break;
    hash.Update(buffer);
  }
  return hash.Finish();
}

bool IsDigest(absl::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace makeover
