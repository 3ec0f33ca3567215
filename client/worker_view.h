#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/terminal.h"
#include "makeover/v1/workers.pb.h"

namespace makeover {

// Workers as text. Pure.
std::string WorkerTable(const std::vector<v1::Worker>& workers,
                        std::chrono::system_clock::time_point now, const Painter& painter,
                        bool wide);
std::string WorkerDetail(const v1::Worker& worker, std::chrono::system_clock::time_point now,
                         const Painter& painter);

}  // namespace makeover
