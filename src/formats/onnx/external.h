// Weights of an ONNX model that lie in other files. A model names them, so the names are whatever somebody wrote: they
// are told, never opened. Loaders that followed them have read files of the system (CVE-2022-25882, CVE-2024-27318).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bytes/folder.h"
#include "formats/onnx/tensor.h"

#include "weigh/model.h"

namespace weigh {

class OnnxExternals {
 public:
  // Of a tensor that lies in another file.
  void add(const OnnxTensor& tensor);
  // As facts: how many bytes of how many tensors lie in each; and what is wrong, as notes.
  void tell(Model& model) const;

 private:
  struct File {
    std::uint64_t tensors = 0;
    std::uint64_t bytes = 0;
    std::uint64_t end = 0;  // of the last of them
    std::string first;      // tensor
  };
  std::map<std::string, File> files_;
};

// Notes which of the files that tell() named are not in the model's folder. Names that lead out of it are not looked
// at.
void note_absent_onnx_files(const Folder& folder, Model& model);

}  // namespace weigh
