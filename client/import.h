#pragma once

#include <string>

#include "client/command.h"
#include "client/session.h"

namespace makeover {

struct ImportOptions {
  std::string name;
  std::string dir;
  bool detach = false;  // do not wait for the preparation
};

// Packs a folder into shards, stores what the coordinator does not have yet, and follows the
// preparation. A broken import goes on when the same is asked again; a whole one is found to be
// there. Reads ahead of the upload in a thread of its own; memory: about three shards.
// NOT_FOUND: no such folder. FAILED_PRECONDITION: nothing usable in it, or the dataset of this name
// is of other pictures.
CommandResult ImportDataset(Session& session, const ImportOptions& options);

}  // namespace makeover
