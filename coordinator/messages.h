// Records <-> the wire: what several services share.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "coordinator/progress_board.h"
#include "coordinator/scheduler_state.h"
#include "makeover/v1/common.pb.h"
#include "makeover/v1/datasets.pb.h"
#include "makeover/v1/jobs.pb.h"
#include "makeover/v1/workers.pb.h"
#include "storage/records.h"

namespace makeover {

google::protobuf::Timestamp ToProto(TimeMs time_ms);

v1::Blob ToProto(const BlobRef& blob);
BlobRef FromProto(const v1::Blob& blob);

v1::Failure ToProto(const Failure& failure);
Failure FromProto(const v1::Failure& failure);

v1::Lease ToProto(const LeaseKey& lease);
LeaseKey FromProto(const v1::Lease& lease);

v1::Device ToProto(const Device& device);
Device FromProto(const v1::Device& device);

v1::Dataset ToProto(const Dataset& dataset);

v1::Attempt ToProto(const Attempt& attempt);
v1::Checkpoint ToProto(const Checkpoint& checkpoint);
v1::Sample ToProto(const Sample& sample);
v1::Metric ToProto(const Metric& metric);
v1::Task ToProto(const Task& task);

v1::Progress ToProto(const TaskProgress& progress);
TaskProgress FromProto(const v1::RunningTask& running);

}  // namespace makeover
