// weighbridge.toml and pyproject.toml.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "support/scratch_folder.h"

#include "weigh/check.h"
#include "weigh/error.h"

namespace weigh {
namespace {

std::string message(const std::string& text, const std::string& source = "weighbridge.toml") {
  try {
    (void)parse_policy(text, source);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(PolicyFile, HoldsRules) {
  const Policy policy = parse_policy(R"([check]
initialized = true
no-pickle = false
max-parameters = "8B"
max-bytes = 1000
dtypes = ["bf16", "f32"]
architecture = "Llama*"
)",
                                     "weighbridge.toml");
  ASSERT_EQ(policy.gates().size(), 5U);
  EXPECT_EQ(policy.gates()[0].rule, "initialized");
  EXPECT_EQ(policy.gates()[1].number, 8'000'000'000U);
  EXPECT_EQ(policy.gates()[2].number, 1000U);
  EXPECT_EQ(policy.gates()[3].words, (std::vector<std::string>{"bf16", "f32"}));
  EXPECT_EQ(policy.gates()[4].words, std::vector<std::string>{"Llama*"});
}

TEST(PolicyFile, OfAProjectHasATableOfItsOwn) {
  const std::string project = "[project]\nname = \"x\"\n[tool.weighbridge.check]\ninitialized = true\n";
  EXPECT_EQ(parse_policy(project, "somewhere/pyproject.toml").gates().size(), 1U);
  EXPECT_EQ(message(project),
            "weighbridge.toml: line 1: there is no table 'project'; the one that is known is 'check'");
  EXPECT_EQ(message("[project]\n", "pyproject.toml"), "pyproject.toml: has no table 'tool.weighbridge'");
}

TEST(PolicyFile, NamesWhatIsWrong) {
  EXPECT_EQ(
      message("[check]\n\nmax-parameter = 5\n"),
      "weighbridge.toml: line 3: there is no rule 'max-parameter'; nearest are max-parameters, max-active, max-bytes");
  EXPECT_EQ(message("[check]\nmax-parameters = 1.5\n"),
            "weighbridge.toml: line 2: 'max-parameters' is neither a text, a whole number, true or false, nor a list "
            "of such");
  EXPECT_EQ(message("[check]\nmax-parameters = -5\n"),
            "weighbridge.toml: line 2: 'max-parameters' takes a number, such as 350M or 8B, got '-5'");
  EXPECT_EQ(message("check = 5\n"), "weighbridge.toml: 'check' is no table");
  const std::string broken = message("[check\n");
  EXPECT_TRUE(broken.starts_with("weighbridge.toml: is no TOML: ")) << broken;
  EXPECT_TRUE(broken.ends_with("(line 1, column 7)")) << broken;
}

TEST(PolicyFile, IsFoundInAFolder) {
  const testing::ScratchFolder folder;
  const std::string root = folder.path().string();
  EXPECT_EQ(find_policy(root), "");
  std::ofstream(folder.path_of("pyproject.toml")) << "[project]\nname = \"x\"\n";
  EXPECT_EQ(find_policy(root), "");
  std::ofstream(folder.path_of("pyproject.toml")) << "[tool.weighbridge.check]\ninitialized = true\n";
  EXPECT_EQ(find_policy(root), folder.path_of("pyproject.toml"));
  std::ofstream(folder.path_of("weighbridge.toml")) << "[check]\nno-pickle = true\n";
  EXPECT_EQ(find_policy(root), folder.path_of("weighbridge.toml"));
  EXPECT_EQ(read_policy(find_policy(root)).gates().at(0).rule, "no-pickle");
}

TEST(PolicyFile, IsNoFileOfManyMegabytes) {
  const testing::ScratchFolder folder;
  std::ofstream(folder.path_of("p.toml")).close();
  std::filesystem::resize_file(folder.path_of("p.toml"), 5'000'000);
  EXPECT_THROW((void)read_policy(folder.path_of("p.toml")), Error);
  EXPECT_THROW((void)read_policy(folder.path_of("none.toml")), Error);
}

}  // namespace
}  // namespace weigh
