#include "coordinator/blob_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/errors.h"
#include "coordinator/limits.h"
#include "proto/status.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status CheckDigest(const std::string& digest) {
  return IsDigest(digest) ? absl::OkStatus() : errors::BadDigest(digest);
}

// What is said to be there is spared by sweeps for a grace period, so that it can be referred to.
absl::Status FindMissing(BlobStore& blobs, const v1::FindMissingBlobsRequest& request,
                         v1::FindMissingBlobsResponse& response) {
  if (request.digests_size() > kFindMissingDigestsMax) {
    return errors::TooMany("digests", request.digests_size(), kFindMissingDigestsMax);
  }
  for (const std::string& digest : request.digests()) {
    MK_RETURN_IF_ERROR(CheckDigest(digest));
    if (!blobs.Touch(digest).ok()) response.add_missing(digest);
  }
  return absl::OkStatus();
}

absl::Status Query(const BlobStore& blobs, const std::string& digest,
                   v1::QueryBlobResponse& response) {
  MK_RETURN_IF_ERROR(CheckDigest(digest));
  response.set_complete(blobs.Has(digest));
  MK_ASSIGN_OR_RETURN(const int64_t stored, blobs.StoredBytes(digest));
  response.set_stored_bytes(stored);
  return absl::OkStatus();
}

absl::Status CheckRoom(const BlobStore& blobs, const std::string& digest, int64_t size) {
  MK_ASSIGN_OR_RETURN(const int64_t stored, blobs.StoredBytes(digest));
  MK_ASSIGN_OR_RETURN(const int64_t free, blobs.FreeBytes());
  const int64_t needed = std::max<int64_t>(size - stored, 0);
  if (free - needed < kFreeBytesMin) return errors::DiskTooFull(needed, free);
  return absl::OkStatus();
}

absl::Status CheckFirst(const BlobStore& blobs, const v1::WriteBlobRequest& first) {
  MK_RETURN_IF_ERROR(CheckDigest(first.blob().digest()));
  if (first.blob().size() < 0 || first.blob().size() > kBlobBytesMax) {
    return errors::BlobTooBig(first.blob().size());
  }
  return CheckRoom(blobs, first.blob().digest(), first.blob().size());
}

// Takes the stream's bytes, which begin at the first message's offset; what is stored is skipped.
absl::Status TakeAll(grpc::ServerReader<v1::WriteBlobRequest>& reader, v1::WriteBlobRequest message,
                     BlobUpload& upload) {
  if (message.offset() < 0 || message.offset() > upload.offset()) return errors::UploadElsewhere();
  auto skip = static_cast<size_t>(upload.offset() - message.offset());
  do {
    absl::string_view data = message.data();
    const size_t known = std::min(skip, data.size());
    data.remove_prefix(known);
    skip -= known;
    MK_RETURN_IF_ERROR(upload.Append(data));
  } while (reader.Read(&message));
  return absl::OkStatus();
}

absl::Status Write(BlobStore& blobs, grpc::ServerReader<v1::WriteBlobRequest>& reader,
                   v1::WriteBlobResponse& response) {
  v1::WriteBlobRequest first;
  if (!reader.Read(&first) || !first.has_blob()) return errors::NoFirstMessage();
  MK_RETURN_IF_ERROR(CheckFirst(blobs, first));
  const v1::Blob blob = first.blob();
  response.set_stored_bytes(blob.size());
  absl::StatusOr<BlobUpload> upload = blobs.BeginUpload(blob.digest(), blob.size());
  if (absl::IsAlreadyExists(upload.status())) return absl::OkStatus();
  MK_RETURN_IF_ERROR(upload.status());
  MK_RETURN_IF_ERROR(TakeAll(reader, std::move(first), *upload));
  response.set_stored_bytes(upload->offset());
  // A stream that ended early leaves what came: the next one goes on there.
  return upload->offset() < blob.size() ? absl::OkStatus() : upload->Finish();
}

absl::Status Read(const BlobStore& blobs, const v1::ReadBlobRequest& request,
                  grpc::ServerWriter<v1::ReadBlobResponse>& writer) {
  MK_RETURN_IF_ERROR(CheckDigest(request.digest()));
  MK_ASSIGN_OR_RETURN(const BlobReader reader, blobs.OpenRead(request.digest()));
  if (request.offset() < 0 || request.offset() > reader.size() || request.limit() < 0) {
    return absl::OutOfRangeError(
        absl::StrCat("The blob has ", reader.size(), " bytes: ask for a range within them."));
  }
  int64_t left = reader.size() - request.offset();
  if (request.limit() > 0) left = std::min(left, request.limit());
  int64_t offset = request.offset();
  v1::ReadBlobResponse response;
  response.set_size(reader.size());
  do {
    const auto count = static_cast<size_t>(std::min<int64_t>(left, kReadChunkBytes));
    MK_ASSIGN_OR_RETURN(*response.mutable_data(), reader.Read(offset, count));
    const auto read = static_cast<int64_t>(response.data().size());
    if (read == 0 && left > 0) return absl::DataLossError("The blob's file has become shorter.");
    if (!writer.Write(response)) return absl::CancelledError("The reader has gone.");
    offset += read;
    left -= read;
    response.clear_size();
  } while (left > 0);
  return absl::OkStatus();
}

}  // namespace

grpc::Status BlobServiceImpl::FindMissingBlobs(grpc::ServerContext* /*context*/,
                                               const v1::FindMissingBlobsRequest* request,
                                               v1::FindMissingBlobsResponse* response) {
  return ToGrpcStatus(FindMissing(blobs_, *request, *response));
}

grpc::Status BlobServiceImpl::QueryBlob(grpc::ServerContext* /*context*/,
                                        const v1::QueryBlobRequest* request,
                                        v1::QueryBlobResponse* response) {
  return ToGrpcStatus(Query(blobs_, request->digest(), *response));
}

grpc::Status BlobServiceImpl::WriteBlob(grpc::ServerContext* /*context*/,
                                        grpc::ServerReader<v1::WriteBlobRequest>* reader,
                                        v1::WriteBlobResponse* response) {
  return ToGrpcStatus(Write(blobs_, *reader, *response));
}

grpc::Status BlobServiceImpl::ReadBlob(grpc::ServerContext* /*context*/,
                                       const v1::ReadBlobRequest* request,
                                       grpc::ServerWriter<v1::ReadBlobResponse>* writer) {
  return ToGrpcStatus(Read(blobs_, *request, *writer));
}

}  // namespace makeover
