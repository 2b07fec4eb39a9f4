#include "bytes/folder.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/scratch_folder.h"

#include "weigh/error.h"

namespace weigh {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::error_of;
using Names = std::vector<std::string>;

// The same files on disk and in memory: "b.bin", "a.json" and "sub/c.bin".
class BothFolders : public ::testing::TestWithParam<bool> {
 protected:
  BothFolders() {
    fs::create_directory(path_ + "/sub");
    for (const auto& [name, bytes] : files_) std::ofstream(path_ + "/" + name) << bytes;
    folder_ = GetParam() ? memory_folder(path_, files_) : open_folder(path_);
  }

  const std::map<std::string, std::string> files_ = {{"b.bin", "bbb"}, {"a.json", "{}"}, {"sub/c.bin", "c"}};
  const testing::ScratchFolder scratch_;
  const std::string path_ = scratch_.path().string();
  std::unique_ptr<Folder> folder_;
};

TEST_P(BothFolders, NamesItsOwnFilesSorted) { EXPECT_EQ(folder_->names(), (Names{"a.json", "b.bin"})); }

TEST_P(BothFolders, OpensFilesAndThoseOfSubfolders) {
  EXPECT_EQ(folder_->label(), path_);
  auto source = folder_->open("b.bin");
  EXPECT_EQ(source->label(), path_ + "/b.bin");
  EXPECT_EQ(source->read(0, 3), "bbb");
  EXPECT_EQ(folder_->open("sub/c.bin")->read(0, 1), "c");
}

TEST_P(BothFolders, OpensTheSameWhereItWasListed) {
  (void)folder_->names();
  auto source = folder_->open("b.bin");
  EXPECT_EQ(source->label(), path_ + "/b.bin");
  EXPECT_EQ(source->read(0, 3), "bbb");
  EXPECT_EQ(folder_->open("sub/c.bin")->read(0, 1), "c");
  EXPECT_EQ(error_of([&] { folder_->open("d.bin"); }), path_ + "/d.bin: cannot be opened: No such file or directory");
}

TEST_P(BothFolders, TellsWhatItContains) {
  for (const char* when : {"before it is listed", "afterwards"}) {
    SCOPED_TRACE(when);
    EXPECT_TRUE(folder_->contains("b.bin"));
    EXPECT_TRUE(folder_->contains("sub/c.bin"));
    EXPECT_FALSE(folder_->contains("sub"));
    EXPECT_FALSE(folder_->contains("B.bin"));
    (void)folder_->names();
  }
}

TEST_P(BothFolders, TellsSizes) {
  EXPECT_EQ(folder_->size_of("b.bin"), 3U);
  EXPECT_EQ(folder_->size_of("sub/c.bin"), 1U);
  EXPECT_EQ(folder_->size_of("sub"), std::nullopt);
  EXPECT_EQ(folder_->size_of("B.bin"), std::nullopt);
}

TEST_P(BothFolders, EntersFolders) {
  EXPECT_EQ(folder_->folders(), Names{"sub"});
  const std::unique_ptr<Folder> sub = folder_->enter("sub");
  EXPECT_EQ(sub->label(), path_ + "/sub");
  EXPECT_EQ(sub->names(), Names{"c.bin"});
  EXPECT_EQ(sub->folders(), Names{});
  EXPECT_EQ(sub->open("c.bin")->label(), path_ + "/sub/c.bin");
  EXPECT_EQ(error_of([&] { folder_->enter("../sub"); }),
            path_ + ": names the file '../sub', which is not inside its folder; it is not opened");
}

TEST_P(BothFolders, RefusesAFileThatIsMissing) {
  EXPECT_EQ(error_of([&] { folder_->open("x.bin"); }), path_ + "/x.bin: cannot be opened: No such file or directory");
}

TEST_P(BothFolders, RefusesNamesThatLeaveIt) {
  for (const std::string& name : {"../x"s, ".."s, "a/../../x"s, "sub/.."s, "/etc/passwd"s, "/"s, ""s, "a\0b"s}) {
    SCOPED_TRACE(name);
    const std::string refusal =
        path_ + ": names the file '" + name + "', which is not inside its folder; it is not opened";
    for (const std::function<void()>& use : {std::function<void()>([&] { folder_->open(name); }),
                                             std::function<void()>([&] { folder_->contains(name); })}) {
      try {
        use();
        ADD_FAILURE() << "it was not refused";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::corrupt);
        EXPECT_EQ(error.source(), path_);
        EXPECT_EQ(error.source() + ": " + error.message(), refusal);
      }
    }
  }
}

TEST_P(BothFolders, TakesDotsThatLeadNowhere) {
  EXPECT_FALSE(folder_->contains("..."));
  EXPECT_FALSE(folder_->contains("..a"));
  EXPECT_FALSE(folder_->contains("sub/a.."));
}

INSTANTIATE_TEST_SUITE_P(Kinds, BothFolders, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Memory" : "Directory"; });

TEST(FolderOfMemory, WithoutALabelLeavesItOutOfPaths) {
  auto folder = memory_folder("", {{"a", "x"}});
  EXPECT_EQ(folder->open("a")->label(), "a");
  EXPECT_EQ(error_of([&] { folder->open("b"); }), "b: cannot be opened: No such file or directory");
}

TEST(FolderOfMemory, MayBeEmpty) { EXPECT_EQ(memory_folder("m", {})->names(), Names{}); }

TEST(FolderOfDisk, ContainsWhatLinksLeadTo) {
  const testing::ScratchFolder folder;
  std::ofstream(folder.path_of("model.bin")) << "m";
  fs::create_symlink("model.bin", folder.path_of("link.bin"));
  fs::create_symlink("nowhere", folder.path_of("dangling.bin"));
  const std::unique_ptr<Folder> opened = open_folder(folder.path().string());
  EXPECT_EQ(opened->names(), (Names{"link.bin", "model.bin"}));
  EXPECT_TRUE(opened->contains("link.bin"));
  EXPECT_FALSE(opened->contains("dangling.bin"));
}

TEST(FolderOfDisk, ThatHasVanishedIsRefused) {
  EXPECT_EQ(error_of([] { open_folder("/no/such/folder")->names(); }),
            "/no/such/folder: the directory cannot be read: No such file or directory");
  EXPECT_EQ(error_of([] { open_folder("/no/such/folder")->open("a"); }),
            "/no/such/folder/a: cannot be opened: No such file or directory");
  EXPECT_FALSE(open_folder("/no/such/folder")->contains("a"));
}

TEST(FolderOfDisk, ThatIsAFileIsRefused) {
  const std::string path = testing::data_path("README.md");
  EXPECT_EQ(error_of([&] { open_folder(path)->names(); }), path + ": the directory cannot be read: Not a directory");
}

TEST(FolderOfDisk, KeepsASlashThatItsPathEndsWith) {
  const std::string path = testing::data_path("");
  EXPECT_EQ(open_folder(path)->open("README.md")->label(), path + "README.md");
}

TEST(FolderOfDisk, WithoutAPathIsTheCurrentDirectory) {
  const fs::path before = fs::current_path();
  fs::current_path(testing::data_path(""));
  auto folder = open_folder("");
  EXPECT_TRUE(folder->contains("README.md"));
  EXPECT_EQ(folder->open("README.md")->label(), "README.md");
  EXPECT_GE(folder->names().size(), 2U);
  fs::current_path(before);
}

}  // namespace
}  // namespace weigh
