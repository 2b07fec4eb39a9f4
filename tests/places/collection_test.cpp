// Directories of several models: what is listed, in which order, and what is not.
#include "places/collection.h"

#include <filesystem>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bytes/folder.h"
#include "support/files.h"
#include "support/made_files.h"
#include "support/scratch_folder.h"

namespace weigh::testing {
namespace {

// Names as they are found, joined by blanks.
std::string found(const Files& files) {
  std::string text;
  for (const CollectedModel& model : find_models(*memory_folder("", files)))
    text += (text.empty() ? "" : " ") + model.name;
  return text;
}

// Sources as they are read, and errors in brackets.
std::string each(const Files& files, std::size_t* count = nullptr) {
  std::string text;
  const std::size_t all = read_each(
      *memory_folder("", files), {},
      [&](const Model& model) {
        return [&text, source = model.source] { text += (text.empty() ? "" : " ") + source; };
      },
      [&](const Error& error) { text += (text.empty() ? "[" : " [") + std::string(error.what()) + "]"; });
  if (count != nullptr) *count = all;
  return text;
}

TEST(Collection, IsEmptyWhereADirectoryIsAModel) {
  EXPECT_EQ(found({{"model.safetensors", one_tensor("a")}, {"sub/model.safetensors", one_tensor("a")}}), "");
  EXPECT_EQ(found({{"a.pt", torch_model()}, {"a.safetensors", one_tensor("a")}}), "");
  EXPECT_EQ(found({{"model_index.json", "{}"}, {"a/model.safetensors", ""}, {"b/model.safetensors", ""}}), "");
  EXPECT_EQ(found({{"README.md", "text"}}), "");
  EXPECT_EQ(found({}), "");
}

TEST(Collection, OrdersNumbersInNamesByValue) {
  EXPECT_EQ(found({{"epoch=10.ckpt", torch_model()},
                   {"epoch=2.ckpt", torch_model()},
                   {"epoch=02-b.ckpt", torch_model()},
                   {"last.ckpt", torch_model()}}),
            "epoch=02-b.ckpt epoch=2.ckpt epoch=10.ckpt last.ckpt");
  Files files;
  for (const char* name : {"a-0.pt", "a-00012.pt", "a-1.pt", "a-09.pt", "a-.pt", "ab.pt"}) files[name] = torch_model();
  EXPECT_EQ(found(files), "a-.pt a-0.pt a-1.pt a-09.pt a-00012.pt ab.pt");
}

TEST(Collection, HoldsFoldersThatAreModels) {
  EXPECT_EQ(found({{"checkpoint-5/model.safetensors", ""},
                   {"checkpoint-10/model.safetensors", ""},
                   {"checkpoint-10/onnx/model.onnx", ""},
                   {"step/.metadata", "\x80\x02."},
                   {"pipe/model_index.json", "{}"},
                   {"logs/events.txt", ""},
                   {".cache/model.safetensors", ""}}),
            "checkpoint-5 checkpoint-10 pipe step");
  EXPECT_EQ(found({{"transformer/480p/model.safetensors", ""},
                   {"transformer/720p/model.safetensors", ""},
                   {"vae/model.safetensors", ""}}),
            "transformer/480p transformer/720p vae");
  EXPECT_EQ(found({{"a/b/c/d/model.safetensors", ""}}), "a/b/c/d");
  EXPECT_EQ(found({{"a/b/c/d/e/model.safetensors", ""}}), "");
  EXPECT_EQ(found({{"runs/1.ckpt", torch_model()}, {"runs/2.ckpt", torch_model()}}), "runs/1.ckpt runs/2.ckpt");
}

TEST(Collection, GroupsShards) {
  EXPECT_EQ(found({{"a-00001-of-00002.safetensors", ""}, {"a-00002-of-00002.safetensors", ""}, {"b.safetensors", ""}}),
            "a-00001-of-00002.safetensors b.safetensors");
  EXPECT_EQ(found({{"a.safetensors.index.json", "{}"}, {"a-00001-of-00001.safetensors", ""}, {"b.safetensors", ""}}),
            "a.safetensors.index.json b.safetensors");
}

TEST(Collection, IsReadOneByOne) {
  std::size_t count = 0;
  EXPECT_EQ(each({{"a.pt", torch_model()}, {"b.pt", torch_model()}, {"c/model.safetensors", one_tensor("x")}}, &count),
            "a.pt b.pt c");
  EXPECT_EQ(count, 3U);
  EXPECT_EQ(each({{"model.safetensors", one_tensor("x")}}, &count), "");
  EXPECT_EQ(count, 0U);
}

TEST(Collection, GoesOnBehindWhatCannotBeRead) {
  std::size_t count = 0;
  EXPECT_EQ(each({{"a.pt", torch_model()},
                  {"b.bin", "neither"},
                  {"b.pt", torch_model()},
                  {"broken.safetensors", one_tensor("x").substr(0, 20)},
                  {"lfs.pt", "version https://git-lfs.github.com/spec/v1"}},
                 &count),
            "a.pt b.pt [broken.safetensors: the header needs 53 bytes, 12 are left; is the download "
            "incomplete?] [lfs.pt: is a Git LFS pointer, not the model; run 'git lfs pull' to fetch it]");
  EXPECT_EQ(count, 4U);
}

TEST(Collection, EndsWhereLinksLeadBack) {
  const ScratchFolder root;
  std::filesystem::create_directories(root.path_of("a"));
  std::filesystem::create_directory_symlink(root.path(), root.path_of("a/back"));
  EXPECT_TRUE(find_models(*open_folder(root.path().string())).empty());
}

TEST(Collection, GoesOnBehindAModelThatNeedsTooMuchMemory) {
  const Files files = {{"a.safetensors", one_tensor("a")}, {"b.safetensors", one_tensor("b")}};
  std::string text;
  const std::size_t count = read_each(
      *memory_folder("runs", files), {},
      [&](const Model& model) -> std::function<void()> {
        if (model.source == "runs/a.safetensors") throw std::bad_alloc();
        return [&text, source = model.source] { text += source; };
      },
      [&](const Error& error) { text += std::string(error.what()) + "\n"; });
  EXPECT_EQ(count, 2U);
  EXPECT_EQ(text, "runs/a.safetensors: needs more memory than there is\nruns/b.safetensors");
}

}  // namespace
}  // namespace weigh::testing
