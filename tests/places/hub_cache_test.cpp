#include "places/hub_cache.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

const std::string kCommit(40, 'a');
const std::string kOther(40, 'b');

Files cache() {
  return {{"refs/main", kCommit + "\n"},
          {"blobs/1111", one_tensor("w")},
          {"snapshots/" + kCommit + "/model.safetensors", one_tensor("w")}};
}

TEST(HubCache, IsTheRevisionOfMain) {
  Files files = cache();
  files["snapshots/" + kOther + "/model.safetensors"] = one_tensor("other");
  const Model model = read_files(files, "");
  EXPECT_EQ(model.format, "safetensors");
  ASSERT_EQ(model.tensors.size(), 1U);
  EXPECT_EQ(model.tensors[0].name, "w");
  EXPECT_EQ(notes_of(model), "");
  const std::pair<std::string, std::string> revision("revision", kCommit);
  EXPECT_NE(std::find(model.metadata.begin(), model.metadata.end(), revision), model.metadata.end());
}

TEST(HubCache, WithoutMainIsItsOnlyRevision) {
  Files files = cache();
  files.erase("refs/main");
  EXPECT_EQ(read_files(files, "").tensors.size(), 1U);
  files["snapshots/" + kOther + "/model.safetensors"] = one_tensor("other");
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "is a cache of 2 revisions without refs/main; name one of them: " + kCommit + ", " + kOther);
}

TEST(HubCache, WithoutTheRevisionOfMainIsRefused) {
  Files files = cache();
  files["refs/main"] = kOther;
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "is a cache of which refs/main is at " + kOther + ", a revision that was not downloaded");
}

TEST(HubCache, TellsWhatWasNotDownloadedToTheEnd) {
  Files files = cache();
  files["blobs/3333.1a2b3c4d.incomplete"] = "12";
  EXPECT_EQ(
      notes_of(read_files(files, "")),
      "incomplete-download blobs/3333.1a2b3c4d.incomplete: is a part of a file that was not downloaded to the end; "
      "download the model again\n");
}

TEST(HubCache, ARevisionDoesNotLeaveTheFolder) {
  Files files = cache();
  files["refs/main"] = "../../etc";
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "is a cache of which refs/main is at ../../etc, a revision that was not downloaded");
}

}  // namespace
}  // namespace weigh::testing
