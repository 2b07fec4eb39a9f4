// Weights of an ONNX model that lie in other files. A model names them, so the names are whatever somebody wrote: they
// are told, never opened. Loaders that followed them have read files of the system (CVE-2022-25882, CVE-2024-27318).
// Of those in the model's folder the size is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bytes/folder.h"
#include "formats/onnx/tensor.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

class OnnxExternals {
 public:
  // A part of a tensor that lies in another file. One that is tied is there once.
  void add(const OnnxTensor& tensor, const OnnxExternal& external, bool is_tied);
  // As facts: how many bytes of how many tensors lie in each; and what is wrong with the names, as notes.
  void tell(Model& model) const;
  // Notes which of them are not in the model's folder, and which are too short for what is said to lie in them. Names
  // that lead out of it are not looked at.
  void compare(const Folder& folder, const Limits& limits, Model& model) const;

 private:
  struct File {
    std::uint64_t tensors = 0;
    std::uint64_t bytes = 0;
    std::uint64_t end = 0;  // of what lies last in it
    std::string first;      // tensor
    std::string last;
  };
  std::map<std::string, File> files_;
};

}  // namespace weigh
