// Edits that are committed together do what they would do one after the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/catalog.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Edit PutWorker(const std::string& version) {
  Edit edit;
  Worker& worker = edit.workers.emplace_back();
  worker.name = "w";
  worker.version = version;
  return edit;
}

Edit RemoveWorker() {
  Edit edit;
  edit.removed_workers = {"w"};
  return edit;
}

Edit PutModel(JobId job, uint32_t step) {
  Edit edit;
  edit.models = {{"m", job, step, 1}};
  return edit;
}

Edit RemoveModel() {
  Edit edit;
  edit.removed_models = {"m"};
  return edit;
}

Edit PutCheckpoint(const std::string& digest) {
  Edit edit;
  edit.checkpoints = {{1, 100, {digest, 1}, 0}, {1, 200, {"other", 1}, 0}};
  return edit;
}

Edit RemoveCheckpoint() {
  Edit edit;
  edit.removed_checkpoints = {{1, 100, {}, 0}};
  return edit;
}

Edit PutDataset(DatasetState state) {
  Edit edit;
  Dataset& dataset = edit.datasets.emplace_back();
  dataset.id = 1;
  dataset.name = "faces";
  dataset.state = state;
  return edit;
}

Edit RemoveDataset() {
  Edit edit;
  edit.removed_datasets = {1};
  return edit;
}

Edit Both(Edit first, Edit second) {
  Append(std::move(second), first);
  return first;
}

class EditTest : public testing::Test {
 protected:
  EditTest() : apart_(Open("apart")), together_(Open("together")) {}

  std::unique_ptr<Catalog> Open(const std::string& name) {
    absl::StatusOr<std::unique_ptr<Catalog>> catalog = Catalog::Open(dir_ / name);
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    Edit jobs;
    for (const JobId id : {1, 2}) {
      jobs.jobs.emplace_back().id = id;
      jobs.tasks.emplace_back().job = id;
    }
    EXPECT_TRUE((*catalog)->Commit(jobs).ok());
    return *std::move(catalog);
  }

  // Commits the edits each for itself in one catalog, and all at once in the other.
  void ExpectTheSame(const std::vector<Edit>& edits) {
    Edit all;
    for (const Edit& edit : edits) {
      EXPECT_TRUE(apart_->Commit(edit).ok());
      Append(edit, all);
    }
    EXPECT_TRUE(together_->Commit(all).ok());
    EXPECT_EQ(apart_->Load()->workers, together_->Load()->workers);
    EXPECT_EQ(*apart_->ListModels(), *together_->ListModels());
    EXPECT_EQ(*apart_->ListCheckpoints(1), *together_->ListCheckpoints(1));
    EXPECT_EQ(*apart_->ListDatasets(), *together_->ListDatasets());
  }

  TempDir dir_;
  std::unique_ptr<Catalog> apart_;
  std::unique_ptr<Catalog> together_;
};

TEST_F(EditTest, AWorkerThatComesBackStays) {
  ExpectTheSame({PutWorker("1")});
  ExpectTheSame({RemoveWorker(), PutWorker("2")});
  EXPECT_EQ(together_->Load()->workers.at(0).version, "2");
  ExpectTheSame({PutWorker("3"), RemoveWorker(), PutWorker("4"), RemoveWorker()});
  EXPECT_THAT(together_->Load()->workers, IsEmpty());
}

TEST_F(EditTest, ANameThatIsGivenAgainMeansTheNewOne) {
  ExpectTheSame({PutModel(1, 100)});
  ExpectTheSame({RemoveModel(), PutModel(2, 200)});
  EXPECT_THAT(*together_->ListModels(), ElementsAre(Model{"m", 2, 200, 1}));
  ExpectTheSame({PutModel(1, 300), RemoveModel()});
  EXPECT_THAT(*together_->ListModels(), IsEmpty());
}

TEST_F(EditTest, ACheckpointThatIsReportedAgainStays) {
  ExpectTheSame({PutCheckpoint("a")});
  ExpectTheSame({RemoveCheckpoint(), PutCheckpoint("b")});
  EXPECT_EQ(together_->ListCheckpoints(1)->at(0).blob.digest, "b");
  ExpectTheSame({PutCheckpoint("c"), RemoveCheckpoint()});
  EXPECT_EQ(together_->ListCheckpoints(1)->size(), 1U) << "the other step's";
}

TEST_F(EditTest, ADatasetThatIsRemovedAfterAChangeIsGone) {
  ExpectTheSame({PutDataset(DatasetState::kImporting)});
  ExpectTheSame({PutDataset(DatasetState::kReady), RemoveDataset()});
  EXPECT_THAT(*together_->ListDatasets(), IsEmpty());
}

TEST_F(EditTest, WhatOneEditPutsAndRemovesIsGone) {
  ExpectTheSame({PutWorker("1"), Both(PutWorker("2"), RemoveWorker())});
  Edit edit = PutWorker("3");
  edit.removed_workers = {"w"};
  ExpectTheSame({RemoveWorker(), edit});
  EXPECT_THAT(together_->Load()->workers, IsEmpty());
}

}  // namespace
}  // namespace makeover
