// The pickle machine, and a walk over all that it built.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "limits.h"
#include "wire/pickle.h"

#include "weigh/error.h"

namespace {

using weigh::pickle::Kind;
using weigh::pickle::Value;

std::size_t touch(Value value, std::vector<Value>& open) {
  std::size_t sum = 0;
  for (Value item : value.items()) open.push_back(item);
  for (const auto& [key, held] : value.entries()) open.insert(open.end(), {key, held});
  switch (value.kind()) {
    case Kind::string:
    case Kind::bytes:
    case Kind::global:
    case Kind::big_integer:
      for (char c : value.text()) sum += static_cast<unsigned char>(c);
      break;
    case Kind::object: {
      const auto& object = value.object();
      open.insert(open.end(), {object.callable(), object.arguments(), object.keywords(), object.state()});
      for (Value item : object.items()) open.push_back(item);
      for (const auto& [key, held] : object.entries()) open.insert(open.end(), {key, held});
      break;
    }
    default: break;
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const weigh::Limits limits = weigh::fuzz::small_limits();
  try {
    const weigh::pickle::Pickle pickle("fuzz", bytes, limits);
    if (pickle.size() > size) __builtin_trap();
    std::unordered_set<const void*> seen;
    std::vector<Value> open = {pickle.root()};
    volatile std::size_t sum = 0;
    while (!open.empty()) {
      const Value value = open.back();
      open.pop_back();
      if (value.identity() != nullptr && !seen.insert(value.identity()).second) continue;
      sum = sum + touch(value, open);
    }
  } catch (const weigh::Error&) {
  }
  return 0;
}
