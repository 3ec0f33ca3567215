// `mkengine convert --requests`: tar in, tar out, one request a line on stdin.
#pragma once

#include "worker/mkengine/command.h"
#include "worker/mkengine/converter.h"

namespace makeover {

// Serves requests until the input ends (exit status 0) or a signal comes (3). A request that fails
// is told by an `error` event with its name, and the next one is served.
int ServeRequests(int input_fd, const ConvertOptions& options, engine::FaceNetwork* network,
                  Pool* pool, const Surroundings& around);

}  // namespace makeover
