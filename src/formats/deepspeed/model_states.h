// The files of DeepSpeed's ranks, and the parameters of one of them as they are when they are put together.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/folder.h"
#include "formats/pytorch/assembler.h"
#include "formats/pytorch/open.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh::deepspeed {

// One of the files, and the bytes that its values view.
class StateArchive {
 public:
  StateArchive(const Folder& folder, const std::string& name, const Limits& limits)
      : source_(folder.open(name)), archive_(pytorch::open_archive(*source_, limits)) {}

  const pytorch::Archive& archive() const { return *archive_; }
  const std::string& label() const { return source_->label(); }
  std::uint64_t size() const { return source_->size(); }
  // The value of a key of its dictionary.
  pytorch::Value operator[](std::string_view key) const {
    return pickle::find(pytorch::mapping_entries(archive_->root()), key);
  }

 private:
  std::unique_ptr<Source> source_;
  std::unique_ptr<pytorch::Archive> archive_;
};

// The state dict of one model rank: its parameters have the sizes of the whole, wherever their elements lie.
class ModelStates {
 public:
  // All must outlive it. The model is to be empty.
  ModelStates(const StateArchive& file, const ReadOptions& options, Model& model)
      : file_(file), limits_(options.limits), model_(model), assembler_(model, file.archive(), options) {}

  // Throws Error where it contradicts itself.
  void read();
  // To be called when all other files of the rank are read: adds parameters that none of them holds.
  void finish();
  // Numbers that names of trained parameters begin with: of a pipeline's layers.
  std::set<std::uint64_t> numbered_modules() const;

 private:
  struct Wanted {
    std::vector<Extent> shape;
    RequiresGrad requires_grad = RequiresGrad::not_recorded;
  };
  void add_shapes(pytorch::Value shapes, RequiresGrad requires_grad);
  void add(std::string_view name, pytorch::Value value);
  void be_frozen(Tensor& tensor) const;
  void add_ties();
  void note_without_size();
  [[noreturn]] void fail(std::string_view name, const std::string& message) const;

  const StateArchive& file_;
  const Limits& limits_;
  Model& model_;
  pytorch::Assembler assembler_;
  std::map<std::string_view, Wanted> wanted_;  // by name
  std::set<std::string_view> buffers_;
};

}  // namespace weigh::deepspeed
