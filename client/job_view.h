#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/progress.h"
#include "client/terminal.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// Jobs as text. Pure: `now` is an argument.
using TimePoint = std::chrono::system_clock::time_point;

// "RUNNING"; "PAUSING" for one that was asked to pause and still works.
std::string JobStateName(const v1::Job& job);
std::string JobKindName(v1::Job::Kind kind);  // "train"

std::string JobTable(const std::vector<v1::Job>& jobs, TimePoint now, const Painter& painter,
                     bool wide);
std::string JobDetail(const v1::Job& job, TimePoint now, const Painter& painter);

// A filter as a person reads it: "everybody", "everybody & !blurry", "smiling".
std::string SideText(const std::string& filter);

// How far it is, with the losses of a training or the counts of a conversion as its note.
ProgressView JobProgress(const v1::Job& job);

// "ENGINE_CRASHED: The engine ...\nWhat to do." or "" if there is none.
std::string FailureText(const v1::Failure& failure);

// One sentence about how a job ended or where it stands: "Job 12 SUCCEEDED after 1h30m."
std::string JobSummary(const v1::Job& job);

// SUCCEEDED, FAILED or CANCELLED: it stays so.
bool IsTerminal(v1::Job::State state);

}  // namespace makeover
