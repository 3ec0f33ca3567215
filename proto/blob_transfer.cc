#include "proto/blob_transfer.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace makeover {
namespace {

bool GoOn(const TransferOptions& options, int64_t bytes_done) {
  return !options.progress || options.progress(bytes_done);
}

absl::Status Cancelled() { return absl::CancelledError("The transfer was stopped."); }

// Waits between attempts, longer each time that nothing got through.
class Backoff {
 public:
  explicit Backoff(const TransferOptions& options)
      : options_(options), next_(options.backoff_first) {}

  void Reset() { next_ = options_.backoff_first; }

  // False if the deadline comes first, or a stop.
  bool Wait() {
    if (std::chrono::system_clock::now() + next_ >= options_.deadline) return false;
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, options_.stop, next_, [] { return false; });
    next_ = std::min(next_ * 2, options_.backoff_max);
    return !options_.stop.stop_requested();
  }

 private:
  const TransferOptions& options_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::chrono::milliseconds next_;
};

// An upload in the course of its attempts.
class Upload {
 public:
  Upload(v1::BlobService::StubInterface& stub, const std::string& digest, int64_t size,
         const BlobReader& read, const TransferOptions& options)
      : stub_(stub), digest_(digest), size_(size), read_(read), options_(options) {}

  int64_t stored() const { return stored_; }

  absl::Status Attempt() {
    absl::StatusOr<bool> complete = Query();
    if (!complete.ok()) return complete.status();
    if (*complete) return GoOn(options_, size_) ? absl::OkStatus() : Cancelled();
    return Write();
  }

 private:
  absl::StatusOr<bool> Query() {
    grpc::ClientContext context;
    context.set_deadline(options_.deadline);
    v1::QueryBlobRequest request;
    request.set_digest(digest_);
    v1::QueryBlobResponse response;
    const grpc::Status status = stub_.QueryBlob(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    stored_ = std::clamp<int64_t>(response.stored_bytes(), 0, size_);
    return response.complete();
  }

  absl::Status Write() {
    grpc::ClientContext context;
    context.set_deadline(options_.deadline);
    v1::WriteBlobResponse response;
    const auto stream = stub_.WriteBlob(&context, &response);
    const absl::Status sent = SendAll(*stream);
    if (!sent.ok()) context.TryCancel();
    stream->WritesDone();
    const grpc::Status finished = stream->Finish();
    if (!sent.ok()) return sent;
    if (!finished.ok()) return FromGrpcStatus(finished);
    if (response.stored_bytes() >= size_) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("The upload ended at byte ", response.stored_bytes(), " of ", size_, "."));
  }

  // OK also if the stream broke: then Finish tells why.
  absl::Status SendAll(grpc::ClientWriterInterface<v1::WriteBlobRequest>& stream) {
    v1::WriteBlobRequest request;
    request.mutable_blob()->set_digest(digest_);
    request.mutable_blob()->set_size(size_);
    request.set_offset(stored_);
    int64_t offset = stored_;
    do {
      absl::Status filled = Fill(offset, *request.mutable_data());
      if (!filled.ok()) return filled;
      const int64_t end = offset + static_cast<int64_t>(request.data().size());
      if (!stream.Write(request)) return absl::OkStatus();
      if (!GoOn(options_, end)) return Cancelled();
      request.Clear();
      offset = end;
    } while (offset < size_);
    return absl::OkStatus();
  }

  absl::Status Fill(int64_t offset, std::string& data) {
    data.resize(static_cast<size_t>(std::min<int64_t>(size_ - offset, kTransferChunkBytes)));
    return data.empty() ? absl::OkStatus() : read_(offset, data.data(), data.size());
  }

  v1::BlobService::StubInterface& stub_;
  const std::string& digest_;
  const int64_t size_;
  const BlobReader& read_;
  const TransferOptions& options_;
  int64_t stored_ = 0;
};

// A download in the course of its attempts.
class Download {
 public:
  Download(v1::BlobService::StubInterface& stub, const std::string& digest, int64_t offset,
           const BlobSink& sink, const TransferOptions& options)
      : stub_(stub), digest_(digest), offset_(offset), sink_(sink), options_(options) {}

  int64_t offset() const { return offset_; }
  int64_t size() const { return size_; }

  absl::Status Attempt() {
    grpc::ClientContext context;
    context.set_deadline(options_.deadline);
    v1::ReadBlobRequest request;
    request.set_digest(digest_);
    request.set_offset(offset_);
    const auto stream = stub_.ReadBlob(&context, request);
    const absl::Status taken = TakeAll(*stream);
    if (!taken.ok()) context.TryCancel();
    const grpc::Status finished = stream->Finish();
    if (!taken.ok()) return taken;
    if (!finished.ok()) return FromGrpcStatus(finished);
    if (size_ < 0) size_ = offset_;  // not a single message: nothing was left to read
    if (offset_ == size_) return absl::OkStatus();
    if (offset_ > size_) return TooMany();
    return absl::UnavailableError(
        absl::StrCat("The download ended at byte ", offset_, " of ", size_, "."));
  }

 private:
  absl::Status TooMany() const {
    return absl::DataLossError(absl::StrCat("The blob ", digest_, " has ", size_,
                                            " bytes, but the other side sent more."));
  }

  absl::Status TakeAll(grpc::ClientReaderInterface<v1::ReadBlobResponse>& stream) {
    v1::ReadBlobResponse response;
    bool first = true;
    while (stream.Read(&response)) {
      if (std::exchange(first, false)) size_ = response.size();
      absl::Status taken = Take(response.data());
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  absl::Status Take(const std::string& data) {
    absl::Status taken = sink_(data);
    if (!taken.ok()) return taken;
    offset_ += static_cast<int64_t>(data.size());
    return GoOn(options_, offset_) ? absl::OkStatus() : Cancelled();
  }

  v1::BlobService::StubInterface& stub_;
  const std::string& digest_;
  int64_t offset_;
  int64_t size_ = -1;  // unknown until the first message
  const BlobSink& sink_;
  const TransferOptions& options_;
};

// Attempts until one succeeds, fails for good, or the deadline comes. `position` tells how far it
// has come: while that moves on, the back-off begins anew.
template <typename Attempt, typename Position>
absl::Status Persist(const TransferOptions& options, Attempt attempt, Position position) {
  Backoff backoff(options);
  int64_t reached = position();
  while (true) {
    absl::Status status = attempt();
    if (status.ok() || !IsTransient(status)) return status;
    if (position() > reached) backoff.Reset();
    reached = std::max(reached, position());
    if (!GoOn(options, position())) return Cancelled();
    if (!backoff.Wait()) return options.stop.stop_requested() ? Cancelled() : status;
  }
}

}  // namespace

bool IsTransient(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnavailable) return true;
  if (status.code() == absl::StatusCode::kAborted) return true;
  // So gRPC reports some connections that break in the middle of a stream.
  return status.message() == "Stream removed" ||
         absl::StartsWith(status.message(), "Received RST_STREAM");
}

absl::Status UploadBlob(v1::BlobService::StubInterface& stub, const std::string& digest,
                        int64_t size, const BlobReader& read, const TransferOptions& options) {
  Upload upload(stub, digest, size, read, options);
  return Persist(
      options, [&] { return upload.Attempt(); }, [&] { return upload.stored(); });
}

absl::StatusOr<int64_t> DownloadBlob(v1::BlobService::StubInterface& stub,
                                     const std::string& digest, int64_t offset,
                                     const BlobSink& sink, const TransferOptions& options) {
  Download download(stub, digest, offset, sink, options);
  const absl::Status status = Persist(
      options, [&] { return download.Attempt(); }, [&] { return download.offset(); });
  if (!status.ok()) return status;
  return download.size();
}

}  // namespace makeover
