// Every error that a user of the services can see, in words: what, why, what to do. The inputs of
// the scheduler have theirs in its own files.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/records.h"

namespace makeover::errors {

// Datasets.
absl::Status NoSuchDataset(absl::string_view name, const std::vector<std::string>& known);
absl::Status NoDataset();
absl::Status WhichDataset(const std::vector<std::string>& known);
absl::Status OtherAttributes(absl::string_view name);
absl::Status DatasetNotImporting(const Dataset& dataset);
absl::Status DatasetNotUsable(const Dataset& dataset);
absl::Status NotTheNextShard(const Dataset& dataset, uint32_t shard);
absl::Status ShardsMissing(const Dataset& dataset, uint32_t announced);
absl::Status EmptyDataset(absl::string_view name);
absl::Status DatasetInUse(absl::string_view name, JobId job);
absl::Status DatasetChanged(absl::string_view name);
absl::Status PreparedByAnother(absl::string_view name, JobId job);
absl::Status BadItem(absl::string_view why);

// Blobs.
absl::Status BlobMissing(absl::string_view what, absl::string_view digest);
absl::Status BadDigest(absl::string_view digest);
absl::Status BlobTooBig(int64_t size);
absl::Status DiskTooFull(int64_t needed, int64_t free);
absl::Status UploadElsewhere();
absl::Status NoFirstMessage();

// Jobs.
absl::Status NoSuchJob(JobId id);
absl::Status JobHasEnded(JobId id, JobState state, absl::string_view verb);
absl::Status NothingToRetry(JobId id);
absl::Status TooLateToRetry(JobId id);
absl::Status ManyWaysToChoose();
absl::Status HalfAPair();
absl::Status NoSelection();
absl::Status UnknownPreset(absl::string_view preset);
absl::Status TooFewPictures(absl::string_view dataset, uint32_t sources, uint32_t targets);
absl::Status NothingMatches(absl::string_view dataset, absl::string_view filter);
absl::Status BadSetting(absl::string_view setting);
absl::Status NoSuchSetting(absl::string_view key, const std::vector<std::string>& known);
absl::Status NoSuchRecipe(absl::string_view recipe, const std::vector<std::string>& known);
// `values`: what it may be, in words.
absl::Status BadSettingValue(absl::string_view key, absl::string_view value,
                             absl::string_view values);
absl::Status StepsAndTime();
absl::Status GivenTwice(absl::string_view flag, absl::string_view setting);
absl::Status BadNumber(absl::string_view flag, absl::string_view setting);
absl::Status OutOfBounds(absl::string_view what, double value, double least, double most);
absl::Status NothingToJudgeBy(absl::string_view dataset);
absl::Status OtherFilters(absl::string_view dataset, absl::string_view why);
absl::Status NoInput();
absl::Status UnknownAlign(absl::string_view align);
absl::Status RequestIdReused(JobId id);
absl::Status TooManyFollowers();

// Models.
absl::Status NoSuchModel(absl::string_view name, const std::vector<std::string>& known);
absl::Status NoModel();
absl::Status NoSuchStep(absl::string_view model, uint32_t step, const std::vector<uint32_t>& steps);
absl::Status NoBest(absl::string_view model);
absl::Status NoCheckpointYet(absl::string_view model, JobId job);
absl::Status ModelExists(absl::string_view name);
absl::Status ModelInTraining(absl::string_view name, JobId job);
absl::Status ModelInUse(absl::string_view name, JobId job);

// Workers.
absl::Status NoSuchWorker(absl::string_view name, const std::vector<std::string>& known);
absl::Status BadRegistration(absl::string_view why);
absl::Status StaleLease(JobId job, uint32_t task, uint32_t attempt);

// What may not be longer.
absl::Status TooMany(absl::string_view what, size_t count, size_t most);

}  // namespace makeover::errors
