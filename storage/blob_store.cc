#include "storage/blob_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/atomic_file.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr char kPrivate[] = ".private-";  // in the name of an upload that nobody resumes

absl::Status CheckDigest(absl::string_view digest) {
  if (IsDigest(digest)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", digest.substr(0, 80), "\" is no SHA-256 digest (64 lower-case hexadecimal digits)"));
}

absl::Status NoSuchBlob(absl::string_view digest) {
  return absl::NotFoundError(absl::StrCat(
      "blob ", digest, " is not stored; it was deleted or never arrived: send it again"));
}

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& dir) {
  DIR* stream = opendir(dir.c_str());
  if (stream == nullptr) return ErrnoStatus(errno, absl::StrCat("reading the folder ", dir));
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

bool IsUploading(const std::string& path) {
  const absl::StatusOr<FileDescriptor> file = OpenFile(path, O_RDONLY);
  return file.ok() && flock(file->get(), LOCK_EX | LOCK_NB) != 0;
}

bool IsOlder(const struct stat& status, absl::Time now, absl::Duration grace) {
  return absl::TimeFromTimespec(status.st_mtim) + grace < now;
}

}  // namespace

BlobReader::BlobReader(FileDescriptor file, int64_t size, std::string digest)
    : file_(std::move(file)), size_(size), digest_(std::move(digest)) {}

absl::StatusOr<std::string> BlobReader::Read(int64_t offset, size_t bytes_max) const {
  std::string bytes;
  MK_RETURN_IF_ERROR(
      ReadAt(file_.get(), offset, bytes_max, absl::StrCat("blob ", digest_), &bytes));
  return bytes;
}

BlobStore::BlobStore(std::string dir) : dir_(std::move(dir)) {}

absl::StatusOr<std::unique_ptr<BlobStore>> BlobStore::Open(const std::string& dir) {
  MK_RETURN_IF_ERROR(MakeFolders(dir + "/blobs"));
  MK_RETURN_IF_ERROR(MakeFolders(dir + "/incoming"));
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> incoming, NamesIn(dir + "/incoming"));
  for (const std::string& name : incoming) {
    if (absl::StrContains(name, kPrivate)) unlink(absl::StrCat(dir, "/incoming/", name).c_str());
  }
  return std::unique_ptr<BlobStore>(new BlobStore(dir));
}

std::string BlobStore::PathOf(absl::string_view digest) const {
  return absl::StrCat(dir_, "/blobs/", digest.substr(0, 2), "/", digest);
}

std::string BlobStore::PartialOf(absl::string_view digest) const {
  return absl::StrCat(dir_, "/incoming/", digest);
}

bool BlobStore::Has(absl::string_view digest) const { return Size(digest).ok(); }

absl::StatusOr<int64_t> BlobStore::Size(absl::string_view digest) const {
  MK_RETURN_IF_ERROR(CheckDigest(digest));
  const absl::StatusOr<int64_t> size = FileSize(PathOf(digest));
  return absl::IsNotFound(size.status()) ? NoSuchBlob(digest) : size;
}

absl::StatusOr<int64_t> BlobStore::StoredBytes(absl::string_view digest) const {
  const absl::StatusOr<int64_t> size = Size(digest);
  if (!absl::IsNotFound(size.status())) return size;
  const absl::StatusOr<int64_t> partial = FileSize(PartialOf(digest));
  if (absl::IsNotFound(partial.status())) return 0;
  return partial;
}

absl::StatusOr<std::string> BlobStore::MakePlace(absl::string_view digest) const {
  const std::string path = PathOf(digest);
  MK_RETURN_IF_ERROR(MakeFolders(FolderOf(path)));
  return path;
}

absl::StatusOr<BlobUpload> BlobStore::BeginUpload(absl::string_view digest, int64_t size) {
  MK_RETURN_IF_ERROR(CheckDigest(digest));
  if (size < 0) return absl::InvalidArgumentError("a blob cannot have fewer than 0 bytes");
  if (Touch(digest).ok()) {
    return absl::AlreadyExistsError(absl::StrCat("blob ", digest, " is stored already"));
  }
  BlobUpload upload;
  upload.digest_ = std::string(digest);
  upload.size_ = size;
  MK_ASSIGN_OR_RETURN(upload.final_, MakePlace(digest));
  MK_RETURN_IF_ERROR(OpenPartial(&upload));
  return upload;
}

// The file under the digest's own name belongs to whoever holds its lock; who comes second takes a
// private one.
absl::Status BlobStore::OpenPartial(BlobUpload* upload) {
  upload->partial_ = PartialOf(upload->digest_);
  MK_ASSIGN_OR_RETURN(upload->file_, OpenFile(upload->partial_, O_RDWR | O_CREAT | O_NOFOLLOW));
  struct stat opened {};
  struct stat named {};
  const bool locked = flock(upload->file_.get(), LOCK_EX | LOCK_NB) == 0;
  // The name may have gone to the store, or to another file, between open and lock.
  const bool same = locked && fstat(upload->file_.get(), &opened) == 0 &&
                    stat(upload->partial_.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
  if (same) return ResumePartial(upload);
  upload->file_.Close();
  upload->shared_ = false;
  upload->partial_ += absl::StrCat(kPrivate, "XXXXXX");
  const int fd = mkostemp(upload->partial_.data(), O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("writing ", upload->partial_));
  upload->file_ = FileDescriptor(fd);
  flock(fd, LOCK_EX | LOCK_NB);  // nobody else has it; a sweep sees that it is in use
  return absl::OkStatus();
}

absl::Status BlobStore::ResumePartial(BlobUpload* upload) {
  const int fd = upload->file_.get();
  MK_ASSIGN_OR_RETURN(const int64_t stored, FileSize(upload->partial_));
  if (stored > upload->size_ && ftruncate(fd, 0) != 0) {
    return ErrnoStatus(errno, absl::StrCat("writing ", upload->partial_));
  }
  std::string buffer;
  while (stored <= upload->size_ && upload->offset_ < stored) {
    MK_RETURN_IF_ERROR(ReadAt(fd, upload->offset_, kReadBytes, upload->partial_, &buffer));
    if (buffer.empty()) break;
    upload->hash_.Update(buffer);
    upload->offset_ += static_cast<int64_t>(buffer.size());
  }
  if (lseek(fd, upload->offset_, SEEK_SET) >= 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("writing ", upload->partial_));
}

absl::StatusOr<std::string> BlobStore::Put(absl::string_view bytes) {
  std::string digest = Sha256Hex(bytes);
  absl::StatusOr<BlobUpload> upload = BeginUpload(digest, static_cast<int64_t>(bytes.size()));
  if (absl::IsAlreadyExists(upload.status())) return digest;
  MK_RETURN_IF_ERROR(upload.status());
  MK_RETURN_IF_ERROR(upload->Append(bytes.substr(static_cast<size_t>(upload->offset()))));
  MK_RETURN_IF_ERROR(upload->Finish());
  return digest;
}

absl::StatusOr<std::string> BlobStore::TakeFile(const std::string& path) {
  MK_ASSIGN_OR_RETURN(std::string digest, Sha256OfFile(path));
  if (Touch(digest).ok()) {
    unlink(path.c_str());
    return digest;
  }
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
  MK_RETURN_IF_ERROR(SyncFd(file.get(), path));
  MK_ASSIGN_OR_RETURN(const std::string place, MakePlace(digest));
  MK_RETURN_IF_ERROR(RenameDurably(path, place));
  return digest;
}

absl::StatusOr<BlobReader> BlobStore::OpenRead(absl::string_view digest) const {
  MK_RETURN_IF_ERROR(CheckDigest(digest));
  absl::StatusOr<FileDescriptor> file = OpenFile(PathOf(digest), O_RDONLY);
  if (absl::IsNotFound(file.status())) return NoSuchBlob(digest);
  MK_RETURN_IF_ERROR(file.status());
  struct stat status {};
  if (fstat(file->get(), &status) != 0)
    return ErrnoStatus(errno, absl::StrCat("reading blob ", digest));
  return BlobReader(*std::move(file), status.st_size, std::string(digest));
}

absl::StatusOr<std::string> BlobStore::ReadAll(absl::string_view digest) const {
  MK_ASSIGN_OR_RETURN(const BlobReader reader, OpenRead(digest));
  return reader.Read(0, static_cast<size_t>(reader.size()));
}

absl::Status BlobStore::Verify(absl::string_view digest) const {
  MK_RETURN_IF_ERROR(Size(digest).status());
  MK_ASSIGN_OR_RETURN(const std::string found, Sha256OfFile(PathOf(digest)));
  if (found == digest) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("blob ", digest, " is damaged: its bytes have SHA-256 ", found,
                   "; check the disk, and import or train again what it belongs to"));
}

absl::Status BlobStore::Touch(absl::string_view digest) {
  MK_RETURN_IF_ERROR(CheckDigest(digest));
  const std::lock_guard<std::mutex> lock(ages_);
  if (utimensat(AT_FDCWD, PathOf(digest).c_str(), nullptr, 0) == 0) return absl::OkStatus();
  if (errno == ENOENT) return NoSuchBlob(digest);
  return ErrnoStatus(errno, absl::StrCat("renewing blob ", digest));
}

absl::Status BlobStore::Delete(absl::string_view digest) {
  MK_RETURN_IF_ERROR(CheckDigest(digest));
  if (unlink(PathOf(digest).c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("deleting blob ", digest));
}

absl::StatusOr<std::vector<std::string>> BlobStore::List() const {
  std::vector<std::string> digests;
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> folders, NamesIn(dir_ + "/blobs"));
  for (const std::string& folder : folders) {
    MK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        NamesIn(absl::StrCat(dir_, "/blobs/", folder)));
    std::copy_if(names.begin(), names.end(), std::back_inserter(digests),
                 [](const std::string& name) { return IsDigest(name); });
  }
  return digests;
}

absl::StatusOr<BlobStore::SweepResult> BlobStore::Sweep(
    const std::function<bool(const std::string& digest)>& is_live, absl::Time now,
    absl::Duration grace) {
  SweepResult result;
  const auto sweep_file = [&](const std::string& path) {
    const std::lock_guard<std::mutex> lock(ages_);
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || !IsOlder(status, now, grace)) return;
    if (unlink(path.c_str()) != 0) return;
    ++result.deleted;
    result.bytes += status.st_size;
  };
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> digests, List());
  for (const std::string& digest : digests) {
    if (!is_live(digest)) sweep_file(PathOf(digest));
  }
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> incoming, NamesIn(dir_ + "/incoming"));
  for (const std::string& name : incoming) {
    const std::string path = absl::StrCat(dir_, "/incoming/", name);
    if (!IsUploading(path)) sweep_file(path);
  }
  return result;
}

absl::StatusOr<int64_t> BlobStore::FreeBytes() const {
  struct statvfs status {};
  if (statvfs(dir_.c_str(), &status) != 0)
    return ErrnoStatus(errno, absl::StrCat("reading ", dir_));
  return static_cast<int64_t>(status.f_bavail) * static_cast<int64_t>(status.f_frsize);
}

}  // namespace makeover
