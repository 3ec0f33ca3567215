#include "client/job_fetch.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/credentials.h"

namespace makeover {
namespace {

// Has ten jobs and gives at most three at once, the newest first.
class PagingJobs : public v1::JobService::Service {
 public:
  PagingJobs() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", MakeServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~PagingJobs() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override {
    uint32_t next = request->page_token().empty()
                        ? 10
                        : static_cast<uint32_t>(std::stoi(request->page_token()));
    uint32_t left = request->page_size() > 0 ? std::min(request->page_size(), 3U) : 3U;
    for (; next > 0 && left > 0; --left) response->add_jobs()->set_id(next--);
    if (next > 0) response->set_next_page_token(std::to_string(next));
    return grpc::Status::OK;
  }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(FetchJobs, GathersAsManyAsAreWanted) {
  PagingJobs jobs;
  const Output output(OutputForm::kTable, Terminal{}, Terminal{});
  Session session(jobs.address(), output, [](const char*) { return std::nullopt; });
  ASSERT_TRUE(session.Connect().ok());
  for (const auto& [limit, count] :
       {std::pair{0U, 10}, {2U, 2}, {3U, 3}, {7U, 7}, {10U, 10}, {50U, 10}}) {
    const auto all = FetchJobs(session, limit);
    ASSERT_TRUE(all.ok()) << all.status();
    ASSERT_EQ(all->jobs_size(), count) << limit;
    EXPECT_EQ(all->jobs(0).id(), 10U);
    EXPECT_EQ(all->jobs(count - 1).id(), static_cast<uint32_t>(11 - count));
  }
}

}  // namespace
}  // namespace makeover
