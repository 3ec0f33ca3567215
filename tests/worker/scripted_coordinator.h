#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "makeover/v1/blobs.grpc.pb.h"
#include "makeover/v1/workers.grpc.pb.h"
#include "worker/lease_id.h"

namespace makeover {

// A coordinator that wants what the test says and remembers what it was told: real gRPC on a free
// loopback port. Its memory outlives Stop and Start, as a catalog would. Thread-safe.
class ScriptedCoordinator {
 public:
  ScriptedCoordinator();  // Listening.
  ~ScriptedCoordinator();

  const std::string& address() const { return address_; }
  // As if it were killed; Start listens at the same address again.
  void Stop();
  void Start();

  void SetTerms(uint32_t lease_ms, uint32_t heartbeat_ms);
  void Want(std::vector<v1::TaskSpec> wanted);
  // Reports about these are answered with ABORTED from now on.
  void MakeStale(const LeaseId& lease);
  // The next calls of that name fail with UNAVAILABLE.
  void FailNext(const std::string& call, int times);
  v1::Blob Store(const std::string& bytes);
  // The stored bytes; empty where there are none.
  std::string Bytes(const v1::Blob& blob);

  // Wait until the predicate holds; false after half a minute.
  bool Await(const std::function<bool()>& predicate);
  // The report with the outcome of this attempt, waited for; empty where none comes.
  v1::Outcome AwaitOutcome(const LeaseId& lease);

  // For predicates of Await, and for after it; the lists only grow.
  int registrations = 0;
  std::vector<v1::Device> devices;  // Of the newest registration.
  v1::EngineAbilities engine;       // Of the newest that offers devices.
  std::vector<v1::HeartbeatRequest> heartbeats;
  std::vector<v1::ReportTaskRequest> reports;  // That were accepted.
  std::map<LeaseId, std::string> logs;

 private:
  class Agents;
  class Blobs;

  bool Fails(const std::string& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, int> failing_;
  std::set<LeaseId> stale_;
  std::map<std::string, std::string> blobs_;
  v1::HeartbeatResponse wanted_;
  v1::RegisterResponse terms_;
  bool stopping_ = false;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<Agents> agents_;
  std::unique_ptr<Blobs> blob_service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace makeover
