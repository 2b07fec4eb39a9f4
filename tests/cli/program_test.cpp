// The program as the shell runs it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/files.h"
#include "support/process.h"
#include "support/scratch_folder.h"

namespace weigh {
namespace {

namespace fs = std::filesystem;

const std::string kWeigh = WEIGH_PROGRAM;
const std::string kModel = testing::data_path("pytorch/gat_module_after.pt");

class Program : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path_of(name); }

  const testing::ScratchFolder folder_;
  const fs::path& scratch_ = folder_.path();
};

TEST_F(Program, PrintsTheSameAsTheLibraryExample) {
  const testing::Ran result = testing::shell("cd " WEIGH_TEST_DATA "/pytorch && " + kWeigh + " gat_module_after.pt");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.output, R"(gat_module_after.pt · PyTorch, pickled module · GAT · 8 tensors

  Name    Type        Params      Size   Mode
  conv1   GATv2Conv      288   1.15 kB   train
  fc      Linear          18      72 B   train

  306 parameters · all trainable · 1.224 kB
)");
}

TEST_F(Program, NotesGoToStandardErrorAlone) {
  const std::string before = testing::data_path("pytorch/gat_module_before.pt");
  const testing::Ran out = testing::shell(kWeigh + " " + before + " 2>/dev/null");
  const testing::Ran err = testing::shell(kWeigh + " " + before + " >/dev/null");
  EXPECT_EQ(out.output.find("weigh: "), std::string::npos);
  EXPECT_TRUE(err.output.starts_with("weigh: " + before + ": 2 tensors are not initialised yet")) << err.output;
  EXPECT_EQ(std::count(err.output.begin(), err.output.end(), '\n'), 1);
}

TEST_F(Program, WorksWithStandardInputClosed) { EXPECT_EQ(testing::shell(kWeigh + " " + kModel + " <&-").code, 0); }

TEST_F(Program, AClosedStandardOutputIsAnError) {
  const testing::Ran result = testing::shell(kWeigh + " " + kModel + " >&-");
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.output, "weigh: the output cannot be written: Bad file descriptor\n");
}

TEST_F(Program, AFullDiskIsAnError) {
  const testing::Ran result = testing::shell(kWeigh + " " + kModel + " >/dev/full");
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.output, "weigh: the output cannot be written: No space left on device\n");
}

TEST_F(Program, AMissingFileAnEmptyOneAndAPipeAreErrors) {
  EXPECT_EQ(testing::shell(kWeigh + " " + path("nothing.pt")).output,
            "weigh: " + path("nothing.pt") + ": cannot be opened: No such file or directory\n");
  std::ofstream(path("empty.pt")).close();
  const testing::Ran empty = testing::shell(kWeigh + " " + path("empty.pt"));
  EXPECT_EQ(empty.code, 2);
  EXPECT_EQ(empty.output, "weigh: " + path("empty.pt") + ": is empty\n");
  const testing::Ran pipe = testing::shell("cat " + kModel + " | " + kWeigh + " /dev/stdin");
  EXPECT_EQ(pipe.code, 2);
  EXPECT_EQ(pipe.output, "weigh: /dev/stdin: is not a regular file; save it to one first\n");
}

TEST_F(Program, AFileWithoutPermissionIsAnError) {
  fs::copy_file(kModel, path("secret.pt"));
  fs::permissions(path("secret.pt"), fs::perms::none);
  fs::permissions(scratch_, fs::perms::all);
  // Root may read everything, so it becomes someone else for this.
  const std::string as_someone = geteuid() == 0 ? "setpriv --reuid 65534 --clear-groups " : "";
  const testing::Ran result = testing::shell("cp " + kWeigh + " " + path("weigh") + "; " + as_someone + path("weigh") +
                                             " " + path("secret.pt"));
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.output, "weigh: " + path("secret.pt") + ": cannot be opened: Permission denied\n");
}

TEST_F(Program, ADirectoryThatVanishedIsAnError) {
  fs::create_directories(scratch_ / "gone");
  const testing::Ran result =
      testing::shell("cd " + path("gone") + " && rmdir " + path("gone") + " && " + kWeigh + " .");
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(result.output.starts_with("weigh: ")) << result.output;
}

TEST_F(Program, NothingInAPickleIsExecuted) {
  for (const std::string& file : testing::files_below("hostile")) {
    const std::string evil = testing::data_path(file);
    const testing::Ran result = testing::shell("cd " + scratch_.string() + " && " + kWeigh + " " + evil);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.output, "weigh: " + evil +
                                 ": the pickle would use 'posix.system' when Python loads it, which no model needs; do "
                                 "not load this file (nothing in it was executed)\n");
    EXPECT_FALSE(fs::exists(scratch_ / "owned"));
  }
}

TEST_F(Program, LinksNeitherTorchNorPython) {
  const testing::Ran result = testing::shell("ldd " + kWeigh);
  EXPECT_EQ(result.output.find("torch"), std::string::npos) << result.output;
  EXPECT_EQ(result.output.find("python"), std::string::npos) << result.output;
}

}  // namespace
}  // namespace weigh
