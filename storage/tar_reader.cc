#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "storage/tar.h"

namespace makeover {
namespace {

constexpr uint64_t kExtensionBytesMax = 1 << 20;

// A field of a header as text, up to its first zero byte.
std::string_view Text(std::string_view block, size_t offset, size_t bytes) {
  const std::string_view field = block.substr(offset, bytes);
  return field.substr(0, field.find('\0'));
}

std::optional<uint64_t> Octal(std::string_view field) {
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\0')) field.remove_suffix(1);
  if (field.empty()) return 0;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

bool IsZero(std::string_view block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
}

bool HasItsChecksum(std::string_view block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return Octal(block.substr(148, 8)) == sum;
}

// ustar splits a name of more than 100 bytes into prefix and name.
std::string UstarName(std::string_view block) {
  const std::string name(Text(block, 0, 100));
  const bool ustar = block.substr(257, 6) == std::string_view("ustar\0", 6);
  const std::string prefix(ustar ? Text(block, 345, 155) : std::string_view());
  return prefix.empty() ? name : prefix + "/" + name;
}

// Takes "LENGTH key=value\n" from the front; false if there is none.
bool TakePaxRecord(std::string_view* records, std::string_view* key, std::string_view* value) {
  size_t length = 0;
  const char* start = records->data();
  const auto [end, error] = std::from_chars(start, start + records->size(), length);
  const auto digits = static_cast<size_t>(end - start);
  if (error != std::errc() || length > records->size() || length < digits + 3) return false;
  if ((*records)[digits] != ' ' || (*records)[length - 1] != '\n') return false;
  const std::string_view record = records->substr(digits + 1, length - digits - 2);
  const size_t equals = record.find('=');
  if (equals == std::string_view::npos) return false;
  *key = record.substr(0, equals);
  *value = record.substr(equals + 1);
  records->remove_prefix(length);
  return true;
}

// Walks over the headers of a tar.
class TarScanner {
 public:
  explicit TarScanner(const std::string& path) : path_(path), file_(path, std::ios::binary) {}

  Outcome<std::vector<TarMember>> Run() {
    if (!file_.is_open())
      return Problem{path_ + " cannot be opened; check the path and its permissions"};
    file_.seekg(0, std::ios::end);
    bytes_ = static_cast<uint64_t>(file_.tellg());
    std::string block;
    while (true) {
      if (!Read(at_, kTarBlockBytes, &block)) return Truncated("its end is missing");
      if (IsZero(block)) return std::move(members_);
      if (const std::string problem = Header(block); !problem.empty()) return Problem{problem};
    }
  }

 private:
  Problem Truncated(const std::string& why) const {
    return Problem{path_ + " is a truncated tar (" + why + ", at byte " + std::to_string(at_) +
                   "); make or fetch it again"};
  }

  bool Read(uint64_t offset, uint64_t size, std::string* out) {
    if (size > bytes_ || offset > bytes_ - size) return false;
    out->resize(size);
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(out->data(), static_cast<std::streamsize>(size));
    return file_.good();
  }

  // Takes one header and passes over its content; the problem with it, or nothing.
  std::string Header(const std::string& block) {
    const std::optional<uint64_t> stored = Octal(std::string_view(block).substr(124, 12));
    if (!HasItsChecksum(block) || !stored) {
      return path_ + " is not a tar, or damaged (header at byte " + std::to_string(at_) +
             "); make or fetch it again";
    }
    const char type = block[156];
    const bool extension = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    const uint64_t size = extension ? *stored : std::exchange(pax_size_, {}).value_or(*stored);
    const uint64_t offset = at_ + kTarBlockBytes;
    if (size > bytes_ || offset > bytes_ - size) return Truncated("a member is cut off").message;
    std::string problem;
    if (extension) {
      problem = Extension(type, offset, size);
    } else {
      problem = Member(block, type, offset, size);
    }
    at_ = offset + size + TarPaddingBytes(size);
    return problem;
  }

  std::string Extension(char type, uint64_t offset, uint64_t size) {
    std::string content;
    if (size > kExtensionBytesMax || !Read(offset, size, &content)) {
      return path_ + " has a header of " + std::to_string(size) +
             " bytes, more than any name needs";
    }
    if (type == 'L') long_name_ = content.substr(0, content.find('\0'));
    if (type != 'x') return "";
    std::string_view records = content;
    std::string_view key;
    std::string_view value;
    while (TakePaxRecord(&records, &key, &value)) {
      if (key == "path") long_name_ = std::string(value);
      if (key == "size" && !TakeSize(value)) return path_ + " has a member without a valid size";
    }
    return records.empty() ? "" : path_ + " has a malformed pax header; make or fetch it again";
  }

  bool TakeSize(std::string_view value) {
    uint64_t size = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
    pax_size_ = size;
    return error == std::errc() && end == value.data() + value.size();
  }

  std::string Member(const std::string& block, char type, uint64_t offset, uint64_t size) {
    std::string name = std::exchange(long_name_, {}).value_or(UstarName(block));
    if (type != '0' && type != '\0') return "";
    if (name.starts_with("./")) name.erase(0, 2);  // as `tar -cf x.tar .` writes them
    if (!IsSafeTarName(name)) {
      return path_ + " holds a name that leads out of its folder or is malformed; it is not used";
    }
    members_.push_back(TarMember{std::move(name), offset, size});
    return "";
  }

  const std::string& path_;
  std::ifstream file_;
  uint64_t bytes_ = 0;
  uint64_t at_ = 0;
  std::optional<std::string> long_name_;
  std::optional<uint64_t> pax_size_;
  std::vector<TarMember> members_;
};

}  // namespace

Outcome<std::vector<TarMember>> ReadTarIndex(const std::string& path) {
  return TarScanner(path).Run();
}

Outcome<std::string> ReadTarMember(const std::string& path, const TarMember& member) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff end = file.is_open() ? std::streamoff(file.tellg()) : 0;
  const auto bytes = static_cast<uint64_t>(std::max<std::streamoff>(end, 0));
  if (member.size > bytes || member.offset > bytes - member.size) {
    return Problem{path + " ends before its member " + member.name + "; fetch it again"};
  }
  std::string content(member.size, '\0');
  file.seekg(static_cast<std::streamoff>(member.offset));
  file.read(content.data(), static_cast<std::streamsize>(member.size));
  if (!file.good()) return Problem{"reading " + path + " failed; check the disk, then try again"};
  return content;
}

}  // namespace makeover
