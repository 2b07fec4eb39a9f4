// What is known of a shape before the first input: the weight of a Linear with eight channels that is lazy is [8, in].
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace weigh::nn {

// A size, or a name that stands for one: "in", or "in/2". The same name of the same layer is the same number.
struct KnownSize {
  KnownSize(std::int64_t known) : size(known) {}            // NOLINT(google-explicit-constructor): {8, "in"}
  KnownSize(const char* symbol) : name(symbol) {}           // NOLINT(google-explicit-constructor)
  KnownSize(std::string symbol, bool is_of_parent = false)  // NOLINT(google-explicit-constructor)
      : name(std::move(symbol)), of_parent(is_of_parent) {}

  bool is_known() const { return name.empty(); }

  std::int64_t size = 0;
  std::string name;
  // The name is given by the layer above: with GATv2Conv(-1, 8), the inputs of its lin_l and lin_r are one number.
  bool of_parent = false;
};

}  // namespace weigh::nn
