// What the command says, caught.
#pragma once

#include <string>
#include <string_view>

#include "cli/run.h"

namespace weigh::cli {

struct Result {
  int code = 0;
  std::string out;
  std::string err;
};

// A console that writes into the result, which must outlive it. What it reads is left to the caller.
inline Console capturing(Result& result) {
  Console console;
  console.out = [&result](std::string_view text) { result.out += text; };
  console.err = [&result](std::string_view text) { result.err += text; };
  return console;
}

}  // namespace weigh::cli
