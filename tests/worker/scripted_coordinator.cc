#include "tests/worker/scripted_coordinator.h"

#include <grpcpp/server_builder.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "proto/credentials.h"
#include "proto/server_limits.h"
#include "storage/sha256.h"

namespace makeover {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr size_t kChunkBytes = 4096;

grpc::Status Unavailable() { return {grpc::StatusCode::UNAVAILABLE, "scripted"}; }

}  // namespace

class ScriptedCoordinator::Agents : public v1::AgentService::Service {
 public:
  explicit Agents(ScriptedCoordinator* all) : all_(*all) {}

  grpc::Status Register(grpc::ServerContext*, const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override {
    absl::MutexLock lock(&all_.mutex_);
    if (all_.Fails("Register")) return Unavailable();
    ++all_.registrations;
    all_.devices.assign(request->devices().begin(), request->devices().end());
    if (!request->devices().empty()) all_.engine = request->engine();
    *response = all_.terms_;
    return grpc::Status::OK;
  }

  grpc::Status Heartbeat(grpc::ServerContext* context, const v1::HeartbeatRequest* request,
                         v1::HeartbeatResponse* response) override {
    absl::MutexLock lock(&all_.mutex_);
    if (all_.Fails("Heartbeat")) return Unavailable();
    all_.heartbeats.push_back(*request);
    const auto news = [&] {
      return all_.stopping_ || context->IsCancelled() ||
             request->wanted_version() != all_.wanted_.wanted_version();
    };
    all_.mutex_.AwaitWithTimeout(absl::Condition(&news), absl::Milliseconds(request->hang_ms()));
    if (all_.stopping_) return Unavailable();
    *response = all_.wanted_;
    return grpc::Status::OK;
  }

  grpc::Status ReportTask(grpc::ServerContext*, const v1::ReportTaskRequest* request,
                          v1::ReportTaskResponse*) override {
    absl::MutexLock lock(&all_.mutex_);
    if (all_.Fails("ReportTask")) return Unavailable();
    const LeaseId lease = FromProto(request->lease());
    if (all_.stale_.contains(lease)) return {grpc::StatusCode::ABORTED, "stale"};
    all_.reports.push_back(*request);
    if (request->has_outcome()) all_.stale_.insert(lease);
    return grpc::Status::OK;
  }

  grpc::Status AppendLog(grpc::ServerContext*, const v1::AppendLogRequest* request,
                         v1::AppendLogResponse*) override {
    absl::MutexLock lock(&all_.mutex_);
    if (all_.Fails("AppendLog")) return Unavailable();
    std::string& log = all_.logs[FromProto(request->lease())];
    const auto known = static_cast<int64_t>(log.size()) - request->offset();
    if (known < 0) return {grpc::StatusCode::OUT_OF_RANGE, "a gap"};
    if (known < static_cast<int64_t>(request->data().size())) {
      log += request->data().substr(static_cast<size_t>(known));
    }
    return grpc::Status::OK;
  }

 private:
  ScriptedCoordinator& all_;
};

class ScriptedCoordinator::Blobs : public v1::BlobService::Service {
 public:
  explicit Blobs(ScriptedCoordinator* all) : all_(*all) {}

  grpc::Status QueryBlob(grpc::ServerContext*, const v1::QueryBlobRequest* request,
                         v1::QueryBlobResponse* response) override {
    absl::MutexLock lock(&all_.mutex_);
    const auto it = all_.blobs_.find(request->digest());
    response->set_complete(it != all_.blobs_.end());
    if (it != all_.blobs_.end()) {
      response->set_stored_bytes(static_cast<int64_t>(it->second.size()));
    }
    return grpc::Status::OK;
  }

  grpc::Status WriteBlob(grpc::ServerContext*, grpc::ServerReader<v1::WriteBlobRequest>* reader,
                         v1::WriteBlobResponse* response) override {
    std::string bytes;
    std::string digest;
    v1::WriteBlobRequest request;
    while (reader->Read(&request)) {
      if (digest.empty()) digest = request.blob().digest();
      bytes += request.data();
    }
    absl::MutexLock lock(&all_.mutex_);
    if (all_.Fails("WriteBlob")) return Unavailable();
    if (Sha256Hex(bytes) != digest) return {grpc::StatusCode::DATA_LOSS, "other bytes"};
    response->set_stored_bytes(static_cast<int64_t>(bytes.size()));
    all_.blobs_[digest] = std::move(bytes);
    return grpc::Status::OK;
  }

  grpc::Status ReadBlob(grpc::ServerContext*, const v1::ReadBlobRequest* request,
                        grpc::ServerWriter<v1::ReadBlobResponse>* writer) override {
    std::string bytes;
    {
      absl::MutexLock lock(&all_.mutex_);
      const auto it = all_.blobs_.find(request->digest());
      if (it == all_.blobs_.end()) return {grpc::StatusCode::NOT_FOUND, "no such blob"};
      bytes = it->second;
    }
    auto at = static_cast<size_t>(request->offset());
    do {
      v1::ReadBlobResponse response;
      response.set_size(static_cast<int64_t>(bytes.size()));
      response.set_data(bytes.substr(at, kChunkBytes));
      writer->Write(response);
      at += kChunkBytes;
    } while (at < bytes.size());
    return grpc::Status::OK;
  }

 private:
  ScriptedCoordinator& all_;
};

ScriptedCoordinator::ScriptedCoordinator() {
  wanted_.set_wanted_version(1);
  SetTerms(20'000, 500);
  Start();
}

void ScriptedCoordinator::Start() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = false;
  }
  agents_ = std::make_unique<Agents>(this);
  blob_service_ = std::make_unique<Blobs>(this);
  grpc::ServerBuilder builder;
  ApplyServerLimits(builder);
  int port = 0;
  builder.AddListeningPort(address_, MakeServerCredentials(), &port);
  builder.RegisterService(agents_.get());
  builder.RegisterService(blob_service_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) throw std::runtime_error("cannot listen on " + address_);
  address_ = absl::StrCat("127.0.0.1:", port);
}

ScriptedCoordinator::~ScriptedCoordinator() { Stop(); }

void ScriptedCoordinator::Stop() {
  if (server_ == nullptr) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  server_->Shutdown();
  server_.reset();
}

void ScriptedCoordinator::SetTerms(uint32_t lease_ms, uint32_t heartbeat_ms) {
  absl::MutexLock lock(&mutex_);
  terms_.set_lease_ms(lease_ms);
  terms_.set_heartbeat_ms(heartbeat_ms);
}

void ScriptedCoordinator::Want(std::vector<v1::TaskSpec> wanted) {
  absl::MutexLock lock(&mutex_);
  wanted_.set_wanted_version(wanted_.wanted_version() + 1);
  wanted_.clear_wanted();
  for (v1::TaskSpec& spec : wanted) *wanted_.add_wanted() = std::move(spec);
}

void ScriptedCoordinator::MakeStale(const LeaseId& lease) {
  absl::MutexLock lock(&mutex_);
  stale_.insert(lease);
}

void ScriptedCoordinator::FailNext(const std::string& call, int times) {
  absl::MutexLock lock(&mutex_);
  failing_[call] = times;
}

bool ScriptedCoordinator::Fails(const std::string& call) {
  int& left = failing_[call];
  return left > 0 && left-- > 0;
}

v1::Blob ScriptedCoordinator::Store(const std::string& bytes) {
  v1::Blob blob;
  blob.set_digest(Sha256Hex(bytes));
  blob.set_size(static_cast<int64_t>(bytes.size()));
  absl::MutexLock lock(&mutex_);
  blobs_[blob.digest()] = bytes;
  return blob;
}

std::string ScriptedCoordinator::Bytes(const v1::Blob& blob) {
  absl::MutexLock lock(&mutex_);
  const auto it = blobs_.find(blob.digest());
  return it == blobs_.end() ? "" : it->second;
}

bool ScriptedCoordinator::Await(const std::function<bool()>& predicate) {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&predicate), kPatience);
}

v1::Outcome ScriptedCoordinator::AwaitOutcome(const LeaseId& lease) {
  v1::Outcome outcome;
  Await([&] {
    const auto it =
        std::find_if(reports.begin(), reports.end(), [&](const v1::ReportTaskRequest& report) {
          return report.has_outcome() && FromProto(report.lease()) == lease;
        });
    if (it == reports.end()) return false;
    outcome = it->outcome();
    return true;
  });
  return outcome;
}

}  // namespace makeover
