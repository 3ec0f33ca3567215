#include "proto/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "proto/credentials.h"

namespace makeover {
namespace {

struct Method {
  const char* service;
  const char* method;
};

// The methods for which twice is the same as once. Transfers of blobs and log streams are absent:
// who makes them knows better how to go on. A Create carries a request_id.
constexpr std::array kIdempotentMethods = {
    Method{"DatasetService", "CreateDataset"},
    Method{"DatasetService", "AddShard"},
    Method{"DatasetService", "FinishImport"},
    Method{"DatasetService", "GetDataset"},
    Method{"DatasetService", "ListDatasets"},
    Method{"DatasetService", "CountItems"},
    Method{"DatasetService", "ListQuarantined"},
    Method{"JobService", "CreateTrainJob"},
    Method{"JobService", "CreateConvertJob"},
    Method{"JobService", "CreateEvaluateJob"},
    Method{"JobService", "CreatePreviewJob"},
    Method{"JobService", "GetJob"},
    Method{"JobService", "ListJobs"},
    Method{"JobService", "WatchJob"},
    Method{"JobService", "CancelJob"},
    Method{"JobService", "PauseJob"},
    Method{"JobService", "ResumeJob"},
    Method{"JobService", "ExplainJob"},
    Method{"JobService", "ListMetrics"},
    Method{"JobService", "ListTasks"},
    Method{"ModelService", "GetModel"},
    Method{"ModelService", "ListModels"},
    Method{"WorkerService", "GetWorker"},
    Method{"WorkerService", "ListWorkers"},
    Method{"WorkerService", "DrainWorker"},
    Method{"WorkerService", "ResumeWorker"},
    Method{"AgentService", "Register"},
    Method{"AgentService", "Heartbeat"},
    Method{"AgentService", "ReportTask"},
    Method{"AgentService", "AppendLog"},
    Method{"BlobService", "FindMissingBlobs"},
    Method{"BlobService", "QueryBlob"},
    Method{"AdminService", "GetStatus"},
};

// gRPC itself allows five attempts at most.
constexpr std::string_view kRetryPolicy =
    R"("retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", )"
    R"("backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]})";

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  // A proxy of the environment must not stand between the machines of a cluster.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  arguments.SetServiceConfigJSON(RetryServiceConfig());
  return arguments;
}

}  // namespace

std::string RetryServiceConfig() {
  std::string names;
  for (const Method& method : kIdempotentMethods) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", R"({"service": "makeover.v1.)",
                    method.service, R"(", "method": ")", method.method, R"("})");
  }
  return absl::StrCat(R"({"methodConfig": [{"name": [)", names, "], ", std::string(kRetryPolicy),
                      "}]}");
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  return grpc::CreateCustomChannel(address, MakeChannelCredentials(), Arguments());
}

}  // namespace makeover
