// What a checkpoint holds: state dicts, modules and optimizer states, wherever they are nested.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/pytorch/assembler.h"
#include "formats/pytorch/python.h"

namespace weigh::pytorch {

enum class Part : std::uint8_t { state_dict, module, optimizer, tensor };

struct Found {
  Part part = Part::tensor;
  std::string name;  // keys that lead to it, joined by '/'; "" for the root itself
  Value value;
};

struct Contents {
  std::vector<Found> found;                  // in the file's order; a tensor only where it is in no other part
  std::vector<std::string> unknown_classes;  // dotted, each once
};

// Searches containers and objects, each shared one once.
Contents find_parts(Value root, std::string_view source, const Limits& limits);

}  // namespace weigh::pytorch
