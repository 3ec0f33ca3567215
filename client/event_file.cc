#include "client/event_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr size_t kSumBytes = 4;
constexpr size_t kHeadBytes = kLengthBytes + kSumBytes;
constexpr char kFileVersion[] = "brain.Event:2";

constexpr std::array<uint32_t, 256> CrcTable() {
  constexpr uint32_t kPolynomial = 0x82F63B78;  // bits reversed
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    table[i] = value;
  }
  return table;
}

uint32_t MaskedSum(std::string_view bytes) {
  const uint32_t sum = Crc32c(bytes);
  return ((sum >> 15) | (sum << 17)) + 0xA282EAD8;
}

std::string LittleEndian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

uint64_t FromLittleEndian(std::string_view text) {
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    value |= uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  }
  return value;
}

bool SumHolds(std::string_view bytes, std::string_view sum) {
  return MaskedSum(bytes) == FromLittleEndian(sum);
}

enum class Found { kRecord, kEnd, kTorn, kDamaged };

// The record at the beginning of `rest`, which is then moved behind it.
Found NextRecord(std::string_view* rest, std::string_view* bytes) {
  if (rest->empty()) return Found::kEnd;
  if (rest->size() < kHeadBytes) return Found::kTorn;
  const std::string_view length = rest->substr(0, kLengthBytes);
  if (!SumHolds(length, rest->substr(kLengthBytes, kSumBytes))) return Found::kDamaged;
  const uint64_t size = FromLittleEndian(length);
  if (rest->size() - kHeadBytes < kSumBytes || size > rest->size() - kHeadBytes - kSumBytes) {
    return Found::kTorn;
  }
  *bytes = rest->substr(kHeadBytes, size);
  if (!SumHolds(*bytes, rest->substr(kHeadBytes + size, kSumBytes))) return Found::kDamaged;
  rest->remove_prefix(kHeadBytes + size + kSumBytes);
  return Found::kRecord;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = CrcTable();
  uint32_t sum = ~uint32_t{0};
  for (const char byte : bytes) {
    sum = (sum >> 8) ^ kTable[(sum ^ static_cast<unsigned char>(byte)) & 0xFF];
  }
  return ~sum;
}

std::string TfRecord(std::string_view bytes) {
  const std::string length = LittleEndian(bytes.size(), kLengthBytes);
  return absl::StrCat(length, LittleEndian(MaskedSum(length), kSumBytes),
                      absl::string_view(bytes.data(), bytes.size()),
                      LittleEndian(MaskedSum(bytes), kSumBytes));
}

absl::StatusOr<EventFile> EventFile::Open(const std::string& path, double wall_time_seconds) {
  MK_ASSIGN_OR_RETURN(FileDescriptor opened, OpenFile(path, O_RDWR | O_CREAT | O_APPEND));
  EventFile file(path, std::move(opened));
  MK_RETURN_IF_ERROR(file.Lock());
  MK_RETURN_IF_ERROR(file.Load());
  if (file.empty_) {
    tensorboard::Event first;
    first.set_wall_time(wall_time_seconds);
    first.set_file_version(kFileVersion);
    MK_RETURN_IF_ERROR(file.Append(first));
    MK_RETURN_IF_ERROR(SyncFolder(FolderOf(path)));
  }
  return file;
}

// The lock ends with the descriptor.
absl::Status EventFile::Lock() const {
  if (flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, absl::StrCat("locking ", path_));
  return absl::FailedPreconditionError(absl::StrCat(
      path_, " is being written by another mkctl; wait for its end and run this again."));
}

absl::Status EventFile::Load() {
  MK_ASSIGN_OR_RETURN(const std::string all, ReadFile(path_));
  std::string_view rest = all;
  std::string_view bytes;
  while (true) {
    const auto at = static_cast<int64_t>(all.size() - rest.size());
    const Found found = NextRecord(&rest, &bytes);
    if (found == Found::kEnd) return absl::OkStatus();
    if (found == Found::kTorn) return CutOffAt(at);
    tensorboard::Event event;
    if (found == Found::kDamaged ||
        !event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return Damaged(at);
    }
    Take(event);
  }
}

absl::Status EventFile::CutOffAt(int64_t bytes) const {
  if (ftruncate(file_.get(), bytes) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("shortening ", path_));
}

void EventFile::Take(const tensorboard::Event& event) {
  empty_ = false;
  if (event.session_log().status() == tensorboard::SessionLog::START) {
    values_.erase(values_.lower_bound({event.step(), ""}), values_.end());
  }
  for (const auto& value : event.summary().value()) {
    values_[{event.step(), value.tag()}] =
        value.has_simple_value() ? std::optional<float>(value.simple_value()) : std::nullopt;
  }
}

absl::Status EventFile::BeginAgainAt(int64_t step, double wall_time_seconds) {
  tensorboard::Event event;
  event.set_wall_time(wall_time_seconds);
  event.set_step(step);
  event.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  return Append(event);
}

absl::Status EventFile::Damaged(int64_t at) const {
  return absl::DataLossError(absl::StrCat(
      path_, " is no event file or is damaged at byte ", at,
      "; remove it and run this again, which writes it anew from what the coordinator has."));
}

absl::Status EventFile::Append(const tensorboard::Event& event) {
  MK_RETURN_IF_ERROR(WriteAll(file_.get(), TfRecord(event.SerializeAsString()), path_));
  Take(event);
  return absl::OkStatus();
}

}  // namespace makeover
