#include "coordinator/admin_service.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/job_messages.h"
#include "coordinator/limits.h"
#include "coordinator/references.h"
#include "coordinator/version.h"
#include "coordinator/worker_messages.h"
#include "proto/status.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status CountJobs(const Catalog& catalog, v1::Status& response) {
  MK_ASSIGN_OR_RETURN(const auto counts, catalog.CountJobs());
  uint32_t total = 0;
  for (const auto& [state, count] : counts) {
    (*response.mutable_jobs_by_state())[StateName(state)] = count;
    total += count;
  }
  response.set_jobs_total(total);
  return absl::OkStatus();
}

absl::Status Describe(const Backend& backend, uint32_t jobs_max, v1::Status& response) {
  response.set_version(kVersion);
  response.set_data_dir(backend.data_dir);
  MK_ASSIGN_OR_RETURN(const auto datasets, backend.catalog.ListDatasets());
  MK_ASSIGN_OR_RETURN(const auto models, backend.catalog.ListModels());
  response.set_datasets(static_cast<uint32_t>(datasets.size()));
  response.set_models(static_cast<uint32_t>(models.size()));
  MK_RETURN_IF_ERROR(CountJobs(backend.catalog, response));
  const uint32_t limit = jobs_max == 0 ? kStatusJobsDefault : std::min(jobs_max, kJobsPageDefault);
  MK_ASSIGN_OR_RETURN(const std::vector<Job> newest, backend.catalog.ListJobs(0, limit));
  MK_ASSIGN_OR_RETURN(std::vector<v1::Job> jobs, DescribeJobs(backend, newest));
  for (v1::Job& job : jobs) *response.add_jobs() = std::move(job);
  MK_ASSIGN_OR_RETURN(std::vector<v1::Worker> workers, DescribeWorkers(backend));
  for (v1::Worker& worker : workers) *response.add_workers() = std::move(worker);
  MK_ASSIGN_OR_RETURN(const int64_t free, backend.blobs.FreeBytes());
  response.set_free_bytes(free);
  return absl::OkStatus();
}

// A file that is gone when this is.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

absl::Status SendFile(const std::string& path, grpc::ServerWriter<v1::BackupResponse>& writer) {
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
  int64_t offset = 0;
  while (true) {
    v1::BackupResponse response;
    MK_RETURN_IF_ERROR(ReadAt(file.get(), offset, kReadChunkBytes, path, response.mutable_data()));
    if (response.data().empty()) return absl::OkStatus();
    offset += static_cast<int64_t>(response.data().size());
    if (!writer.Write(response)) return absl::CancelledError("The reader has gone.");
  }
}

absl::Status Backup(const Backend& backend, grpc::ServerWriter<v1::BackupResponse>& writer) {
  const std::string folder = absl::StrCat(backend.data_dir, "/tmp");
  MK_RETURN_IF_ERROR(MakeFolders(folder));
  const TemporaryFile copy(absl::StrCat(folder, "/", absl::Hex(backend.random()), ".backup"));
  MK_RETURN_IF_ERROR(backend.catalog.Backup(copy.path()));
  return SendFile(copy.path(), writer);
}

absl::Status Verify(const Backend& backend, grpc::ServerContext& context,
                    grpc::ServerWriter<v1::VerifyResponse>& writer) {
  v1::VerifyResponse response;
  MK_ASSIGN_OR_RETURN(const uint32_t rows, backend.catalog.CountRows());
  response.set_catalog_rows(rows);
  const auto report = [&](const VerifyProgress& progress) {
    response.set_blobs_done(progress.blobs_done);
    response.set_blobs_total(progress.blobs_total);
    return !context.IsCancelled() && writer.Write(response);
  };
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> problems, VerifyEverything(backend, report));
  for (const std::string& problem : problems) response.add_problems(problem);
  response.set_finished(true);
  writer.Write(response);
  return absl::OkStatus();
}

absl::Status Collect(const Backend& backend, const v1::CollectGarbageRequest& request,
                     v1::CollectGarbageResponse& response) {
  const int64_t grace =
      request.has_grace_seconds() ? int64_t{request.grace_seconds()} : kGarbageGraceSeconds;
  MK_ASSIGN_OR_RETURN(const BlobStore::SweepResult swept, SweepBlobs(backend, grace));
  response.set_blobs_deleted(swept.deleted);
  response.set_bytes_freed(swept.bytes);
  return absl::OkStatus();
}

int64_t SizeOfAll(const BlobStore& blobs) {
  const absl::StatusOr<std::vector<std::string>> digests = blobs.List();
  int64_t bytes = 0;
  if (!digests.ok()) return bytes;
  for (const std::string& digest : *digests) bytes += blobs.Size(digest).value_or(0);
  return bytes;
}

}  // namespace

// Counting takes a look at every file: a figure that is somewhat old does for eyes.
int64_t AdminServiceImpl::BlobBytes() {
  const TimeMs now = backend_.coordinator.NowMs();
  absl::MutexLock lock(&mutex_);
  if (now - blob_bytes_ms_ > kBlobBytesAgeMs) {
    blob_bytes_ = SizeOfAll(backend_.blobs);
    blob_bytes_ms_ = now;
  }
  return blob_bytes_;
}

grpc::Status AdminServiceImpl::GetStatus(grpc::ServerContext* /*context*/,
                                         const v1::GetStatusRequest* request,
                                         v1::Status* response) {
  const absl::Status described = Describe(backend_, request->jobs_max(), *response);
  response->set_blob_bytes(BlobBytes());
  return ToGrpcStatus(described);
}

grpc::Status AdminServiceImpl::Backup(grpc::ServerContext* /*context*/,
                                      const v1::BackupRequest* /*request*/,
                                      grpc::ServerWriter<v1::BackupResponse>* writer) {
  return ToGrpcStatus(makeover::Backup(backend_, *writer));
}

grpc::Status AdminServiceImpl::Verify(grpc::ServerContext* context,
                                      const v1::VerifyRequest* /*request*/,
                                      grpc::ServerWriter<v1::VerifyResponse>* writer) {
  return ToGrpcStatus(makeover::Verify(backend_, *context, *writer));
}

grpc::Status AdminServiceImpl::CollectGarbage(grpc::ServerContext* /*context*/,
                                              const v1::CollectGarbageRequest* request,
                                              v1::CollectGarbageResponse* response) {
  return ToGrpcStatus(Collect(backend_, *request, *response));
}

}  // namespace makeover
