// What the code of a TorchScript archive says of its classes: which attributes are parameters and which buffers.
//
//   class Linear(Module):
//     __parameters__ = ["weight", "bias", ]
//     __buffers__ = []
//     weight : Tensor
//
// The text is scanned by lines, not parsed; the bodies of its functions are passed over.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "wire/zip.h"

#include "weigh/limits.h"

namespace weigh::torchscript {

struct ScriptClass {
  bool is_module = false;
  std::set<std::string, std::less<>> parameters;
  std::set<std::string, std::less<>> buffers;
};

class Classes {
 public:
  // `folder` is the archive's, "net/". All must outlive it.
  Classes(const ZipDirectory& zip, std::string_view folder, const Limits& limits)
      : zip_(zip), folder_(folder), limits_(limits) {}

  // Of a pickle's global, "__torch__.models.___torch_mangle_3 Net"; null where the archive holds no code for it.
  const ScriptClass* find(std::string_view global);

 private:
  void read_file(const std::string& module);
  void scan(std::string_view text, const std::string& module);

  const ZipDirectory& zip_;
  std::string_view folder_;
  const Limits& limits_;
  std::set<std::string, std::less<>> files_;                 // that were looked at
  std::map<std::string, ScriptClass, std::less<>> classes_;  // by global
};

}  // namespace weigh::torchscript
