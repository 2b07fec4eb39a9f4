// The tensors of the layout before torch 2.8: a state dict and a dict of constants, each an archive of torch.save's
// inside the archive. The graph describes the same tensors, so the two can be compared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/source.h"
#include "formats/pytorch/archive.h"
#include "formats/pytorch/tensors.h"
#include "wire/zip.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::pt2 {

class SavedState {
 public:
  // All must outlive it.
  SavedState(Source& source, const ZipDirectory& zip, const Limits& limits, Model& model)
      : source_(source), zip_(zip), limits_(limits), model_(model) {}

  // Opens both where they are there. Throws Error as the reader of torch.save's files does: for what is damaged, and
  // for pickles that would run something. A compressed one, which torch never writes, is noted and left.
  void open();
  // Whether all that is there could be opened.
  bool is_whole() const { return !has_compressed_; }

  struct Found {
    pytorch::TorchTensor tensor;
    std::string_view entry;               // of the archive
    std::string memory;                   // tells entry and storage; empty where it has none of its own
    std::optional<std::uint64_t> offset;  // of its first element in the file
  };
  // Nothing where neither holds it.
  std::optional<Found> find(std::string_view name);
  // Notes those tensors that find(…) was never asked for.
  void note_surplus() const;

 private:
  struct Artifact {
    std::string_view entry;
    std::uint64_t begin = 0;  // of the inner archive
    std::unique_ptr<Source> source;
    std::unique_ptr<pytorch::Archive> archive;
    std::unique_ptr<pytorch::TensorReader> tensors;
  };
  struct Held {
    std::size_t artifact = 0;
    pytorch::Value value;
    bool was_found = false;
  };
  void open(const ZipEntry& entry);

  Source& source_;
  const ZipDirectory& zip_;
  const Limits& limits_;
  Model& model_;
  bool has_compressed_ = false;
  std::vector<Artifact> artifacts_;
  std::map<std::string_view, Held> held_;
};

}  // namespace weigh::pt2
