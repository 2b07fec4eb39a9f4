// Completions, asked of the shells themselves where they are installed.
#include "cli/completions.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "cli/option_rows.h"
#include "support/process.h"
#include "support/scratch_folder.h"

namespace weigh::cli {
namespace {

class Completions : public ::testing::TestWithParam<const char*> {
 protected:
  // What the shell says, standard error with it.
  std::string run(const std::string& shell, const std::string& commands) {
    std::ofstream(folder_.path_of("ask")) << commands << "\n";
    return testing::shell(shell + " " + folder_.path_of("ask")).output;
  }

  // The same when it has read the script.
  std::string ask(const std::string& shell, const std::string& commands) {
    const std::string script = folder_.path_of("weigh." + shell);
    std::ofstream(script) << completions(shell).value();
    return run(shell, "source " + script + "\n" + commands);
  }

  std::string bash(const std::string& words) {
    return ask("bash", "COMP_WORDS=(weigh " + words + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _weigh; " +
                           R"(echo "${COMPREPLY[@]}")");
  }

  static bool is_there(const std::string& shell) { return testing::shell("command -v " + shell).code == 0; }

  const testing::ScratchFolder folder_;
};

TEST_P(Completions, NameEveryOptionAndItsWords) {
  const std::string script = completions(GetParam()).value();
  for (const OptionRow& row : option_rows()) {
    if (!row.is_option()) continue;
    const bool is_fish = std::string_view(GetParam()) == "fish";
    for (const std::string& name : row.names) {
      const std::string option = !is_fish                 ? name
                                 : name.starts_with("--") ? " -l " + name.substr(2)
                                                          : " -s " + name.substr(1);
      EXPECT_NE(script.find(option), std::string::npos) << name;
    }
    std::string words;
    for (const std::string& word : row.words()) words += (words.empty() ? "" : " ") + word;
    EXPECT_NE(script.find(words), std::string::npos) << words;
  }
}

INSTANTIATE_TEST_SUITE_P(Shells, Completions, ::testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

TEST_F(Completions, AreForThreeShells) { EXPECT_EQ(completions("tcsh"), std::nullopt); }

TEST_F(Completions, OfBash) {
  EXPECT_EQ(bash("--fo"), "--format --formats\n");
  EXPECT_EQ(bash("--format j"), "json\n");
  EXPECT_EQ(bash("--format = l"), "lightning\n");
  EXPECT_EQ(bash("--format ="), "csv cyclonedx html json lightning markdown spdx svg table\n");
  EXPECT_EQ(bash("model.pt --color ''"), "always auto never\n");
  EXPECT_EQ(bash("completions ''"), "bash zsh fish\n");
  EXPECT_EQ(bash("model.pt mod"), "\n");  // files, by `complete -o default`
  EXPECT_EQ(bash("comple"), "completions\n");
  EXPECT_EQ(ask("bash", "cd " + folder_.path().string() +
                            R"(; touch many; COMP_WORDS=(weigh ma); COMP_CWORD=1; _weigh; echo "${COMPREPLY[@]}")"),
            "man many\n");
  EXPECT_EQ(ask("bash", "complete -p weigh"), "complete -o bashdefault -o default -F _weigh weigh\n");
}

// In the folder where zsh looks, as the packages put it, and read by hand.
TEST_F(Completions, OfZsh) {
  if (!is_there("zsh")) GTEST_SKIP() << "zsh is not installed";
  std::ofstream(folder_.path_of("_weigh")) << completions("zsh").value();
  const std::string start = "fpath=(" + folder_.path().string() + " $fpath); autoload -Uz compinit; compinit -u -D; ";
  EXPECT_EQ(run("zsh -f", start + "print $_comps[weigh]; autoload +X _weigh && functions _weigh | head -1"),
            "_weigh\n_weigh () {\n");
  EXPECT_EQ(run("zsh -f", "autoload -Uz compinit; compinit -u -D; source " + folder_.path_of("_weigh") +
                              "; print $_comps[weigh]"),
            "_weigh\n");
}

TEST_F(Completions, OfFish) {
  if (!is_there("fish")) GTEST_SKIP() << "fish is not installed";
  EXPECT_EQ(ask("fish", "complete -C 'weigh --sort n'"), "name\torder of siblings (default: definition)\n");
  EXPECT_EQ(ask("fish", "complete -C 'weigh --ex'"),
            "--exact\t1,234,567 instead of 1.23 M\n--explain\thow it is known what a module or tensor counts as ('' "
            "for all)\n");
  EXPECT_EQ(ask("fish", "complete -C 'weigh completions z'"), "zsh\n");
}

}  // namespace
}  // namespace weigh::cli
