#pragma once

#include <string>

#include "tests/coordinator/service_fixture.h"

namespace makeover {

// Worker w trains model m on the dataset faces.
class TrainedTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    ImportAndPrepare("faces");
    job_ = SubmitTraining("m").id();
    task_ = Beat("w").wanted(0);
  }
  grpc::Status ReportCheckpoint(uint32_t step) {
    v1::ReportTaskRequest report = ReportOf("w", task_);
    v1::Checkpoint& checkpoint = *report.add_checkpoints();
    checkpoint.set_step(step);
    *checkpoint.mutable_blob() = Put("checkpoint " + std::to_string(step));
    return Report(report);
  }
  // The training says at `step` that its best evaluation is that of `best`.
  grpc::Status ReportBest(uint32_t step, uint32_t best) {
    v1::ReportTaskRequest report = ReportOf("w", task_);
    v1::Metric& metric = *report.add_metrics();
    metric.set_step(step);
    (*metric.mutable_values())["bestStep"] = best;
    return Report(report);
  }
  void ReportRate(const v1::TaskSpec& task, double images_per_second) {
    v1::ReportTaskRequest report = ReportOf("w", task);
    v1::Metric& metric = *report.add_metrics();
    metric.set_step(10);
    (*metric.mutable_values())["imagesPerSecond"] = images_per_second;
    EXPECT_TRUE(Report(report).ok());
  }
  grpc::Status Tag(uint32_t step, const std::string& name, v1::Model* model) {
    v1::TagCheckpointRequest request;
    request.set_job(job_);
    request.set_step(step);
    request.set_name(name);
    return Call(models_, &v1::ModelService::Stub::TagCheckpoint, request, model);
  }
  grpc::Status GetModel(const std::string& name, v1::Model* model) {
    v1::GetModelRequest request;
    request.set_name(name);
    return Call(models_, &v1::ModelService::Stub::GetModel, request, model);
  }

  uint32_t job_ = 0;
  v1::TaskSpec task_;
};

}  // namespace makeover
