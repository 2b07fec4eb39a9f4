// The command as a function: arguments in, text out, exit code back. It touches no model and no terminal but through
// Console, so that tests and the fuzzer can run the whole program from memory. `weigh check` reads its policy by
// itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/read.h"

namespace weigh::cli {

enum ExitCode : int {
  kDone = 0,
  kCheckFailed = 1,  // --strict, check; of diff: something differs
  kUnusable = 2,     // unreadable input or wrong usage
};

struct Console {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  std::function<Model(const std::string& path)> read;
  // The same with ReadOptions::locations, for who reads weights of the files next.
  std::function<Model(const std::string& path)> read_located;
  // As weigh::read_each; where there is none, directories of several models are left to `read`.
  std::function<std::size_t(const std::string& path, const Look& look, const std::function<void(const Error&)>& fail)>
      read_each;
  bool color = false;                      // what --color=auto means
  bool unicode = true;                     // whether the locale's characters are UTF-8
  unsigned width = 0;                      // of the terminal; 0: none
  std::optional<std::uint64_t> time = {};  // RenderOptions::time
};

int run(const std::vector<std::string>& arguments, const Console& console);

}  // namespace weigh::cli
